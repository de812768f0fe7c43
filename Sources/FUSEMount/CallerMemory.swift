internal import CLinux

/// The memory of the thread whose system call is being served; it stands still until it has its answer.
///
/// Source: process_vm_readv(2). The kernel asks for the right to trace the caller: its owner has it, and root of the
/// user namespace that the caller's program was started in.
public struct CallerMemory: Sendable {
    /// Thread number, in the server's PID namespace; 0 where it has none there.
    public let thread: Int32

    public init(thread: Int32) { self.thread = thread }

    /// copy_from_user.
    ///
    /// - Throws: `.badAddress` where any of it cannot be read.
    public func read(_ count: Int, at address: UInt64) throws(FileSystemFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let done = unsafe bytes.withUnsafeMutableBytes {
            unsafe transfer($0.baseAddress, count, address) {
                unsafe process_vm_readv(thread, $0, 1, $1, 1, 0)
            }
        }
        guard done == count else { throw .badAddress }
        return bytes
    }

    /// copy_to_user.
    ///
    /// - Throws: `.badAddress` where not all of it could be written.
    public func write(_ bytes: [UInt8], at address: UInt64) throws(FileSystemFailure) {
        let done = unsafe bytes.withUnsafeBytes {
            unsafe transfer(UnsafeMutableRawPointer(mutating: $0.baseAddress), bytes.count, address) {
                unsafe process_vm_writev(thread, $0, 1, $1, 1, 0)
            }
        }
        guard done == bytes.count else { throw .badAddress }
    }

    private func transfer(
        _ bytes: UnsafeMutableRawPointer?, _ count: Int, _ address: UInt64,
        by call: (UnsafePointer<iovec>, UnsafePointer<iovec>) -> Int
    ) -> Int {
        var ours = unsafe iovec(iov_base: bytes, iov_len: count)
        var theirs = unsafe iovec(iov_base: UnsafeMutableRawPointer(bitPattern: UInt(address)), iov_len: count)
        return unsafe call(&ours, &theirs)
    }
}
