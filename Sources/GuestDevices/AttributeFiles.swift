internal import CLinux
public import InitramfsRuntime

/// The five things that one does in configfs.
public protocol AttributeFiles {
    func makeFolder(_ path: String) throws(FileError)
    func removeFolder(_ path: String)
    /// Writes an attribute, whole, by one `write(2)` and a `close(2)`.
    func write(_ bytes: [UInt8], to path: String) throws(FileError)
    /// Reads an attribute to its end.
    func read(_ path: String, limit: Int) throws(FileError) -> [UInt8]
}

/// Those of the kernel.
public struct KernelFiles: AttributeFiles {
    public init() {}

    public func makeFolder(_ path: String) throws(FileError) {
        guard unsafe mkdir(path, 0o700) == 0 else { throw FileError(.create, path, errno: shim_errno()) }
    }

    public func removeFolder(_ path: String) {
        // One that stays is of no use to anybody, and goes with the boot.
        _ = unsafe rmdir(path)
    }

    public func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        // Write-only attributes can be opened in no other way.
        let descriptor = unsafe shim_open(path, O_WRONLY | O_TRUNC | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw FileError(.open, path, errno: shim_errno()) }
        let put = unsafe bytes.withUnsafeBytes { unsafe CLinux.write(descriptor, $0.baseAddress, $0.count) }
        let failure = put == bytes.count ? 0 : put < 0 ? shim_errno() : EIO
        // A binary attribute is taken over when it is closed.
        let closed = close(descriptor)
        guard failure == 0 else { throw FileError(.write, path, errno: failure) }
        guard closed == 0 else { throw FileError(.write, path, errno: shim_errno()) }
    }

    public func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        try FileBytes.read(path, limit: limit)
    }
}
