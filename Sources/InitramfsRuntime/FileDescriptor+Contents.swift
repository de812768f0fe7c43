internal import CLinux
public import Secrets

extension FileDescriptor {
    /// Reads exactly `count` bytes at `offset`; a shorter file is an error.
    public func read(_ count: Int, at offset: UInt64) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try read(count, at: offset, into: &bytes)
        return bytes
    }

    /// As above, into the first `count` bytes of `buffer`, so that a long file needs one buffer only.
    public func read(_ count: Int, at offset: UInt64, into buffer: inout [UInt8]) throws(FileError) {
        guard count >= 0, count <= buffer.count else { throw FileError(.limit, path, errno: 0) }
        var done = 0
        while done < count {
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(rawValue, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
            }
            if got < 0 && shim_errno() == EINTR { continue }
            guard got > 0 else { throw FileError(.read, path, errno: got < 0 ? shim_errno() : 0) }
            done += got
        }
    }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: [UInt8], at offset: UInt64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    rawValue, $0.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, path, errno: shim_errno()) }
            done += put
        }
    }

    /// As above, from locked memory.
    public func write(_ secret: borrowing SecretBytes, at offset: UInt64) throws(FileError) {
        var done = 0
        while done < secret.count {
            let put = unsafe secret.bytes.withUnsafeBufferPointer {
                unsafe pwrite(
                    rawValue, $0.baseAddress?.advanced(by: done), secret.count - done, off_t(offset) + off_t(done))
            }
            if put < 0 && shim_errno() == EINTR { continue }
            guard put > 0 else { throw FileError(.write, path, errno: shim_errno()) }
            done += put
        }
    }

    /// Holds an advisory lock (flock(2)) for writing until the file is closed; waits while another process has it.
    public func lock() throws(FileError) {
        while flock(rawValue, LOCK_EX) != 0 {
            guard shim_errno() == EINTR else { throw FileError(.lock, path, errno: shim_errno()) }
        }
    }

    /// As `lock`, but gives up after so many milliseconds.
    public func lock(milliseconds: Int64) throws(FileError) {
        let deadline = MonotonicClock.milliseconds + milliseconds
        while flock(rawValue, LOCK_EX | LOCK_NB) != 0 {
            let code = shim_errno()
            guard code == EINTR || code == EWOULDBLOCK, MonotonicClock.milliseconds < deadline else {
                throw FileError(.lock, path, errno: code)
            }
            usleep(10_000)
        }
    }

    /// Cuts or extends the file; the new part reads as zeros.
    public func resize(to count: UInt64) throws(FileError) {
        guard ftruncate(rawValue, off_t(count)) == 0 else { throw FileError(.write, path, errno: shim_errno()) }
    }

    /// Waits until everything written is on the medium.
    public func synchronize() throws(FileError) {
        guard fsync(rawValue) == 0 else { throw FileError(.sync, path, errno: shim_errno()) }
    }

    /// Makes an in-memory file immutable, for everyone and for good.
    public func sealAgainstChange() throws(FileError) {
        guard shim_add_seals(rawValue, shim_SEALS_ALL) == 0, shim_get_seals(rawValue) == shim_SEALS_ALL else {
            throw FileError(.seal, path, errno: shim_errno())
        }
    }
}
