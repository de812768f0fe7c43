internal import CFUSE3
internal import CLinux
public import InitramfsRuntime

/// A file system that this process serves, one call at a time, from its own event loop.
///
/// Source: fuse(4), libfuse's low-level interface. The kernel caches nothing: neither names nor attributes nor content.
@safe public final class FUSEMount {
    private let session: Session
    private let server: Server

    /// Mounts `root` at `path`, a file or a folder as `root` is one.
    ///
    /// - Parameter device: /dev/fuse, opened for this mount alone and in the user namespace that the mount belongs to.
    public init(
        _ root: VirtualNode, at path: String, device: consuming FileDescriptor
    ) throws(MountError) {
        let kind = if case .folder = root { S_IFDIR } else { S_IFREG }
        let options =
            "fd=" + String(device.rawValue) + ",rootmode=" + String(kind, radix: 8)
            + ",user_id=0,group_id=0,allow_other,default_permissions"
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        guard unsafe mount("snp-emulator", path, "fuse", flags, options) == 0 else {
            throw MountError(step: .mount, path: path, errno: shim_errno())
        }
        let server = Server(root: root)
        var operations = Server.operations
        guard let created = unsafe shim_fuse_session(&operations, Unmanaged.passUnretained(server).toOpaque()) else {
            throw MountError(step: .session, path: path, errno: 0)
        }
        let session = unsafe Session(owning: created)
        // The session closes its own copy.
        let copy = shim_duplicate(device.rawValue)
        guard copy >= 0, unsafe shim_fuse_attach(created, copy) == 0 else {
            if copy >= 0 { close(copy) }
            throw MountError(step: .attach, path: path, errno: shim_errno())
        }
        server.session = session
        self.server = server
        self.session = session
        descriptor = copy
    }

    /// Readable when there is something to serve.
    public let descriptor: Int32

    /// Serves one request; call it when `descriptor` is readable.
    ///
    /// - Returns: false where the file system is gone.
    public func serve() -> Bool { session.serve() }
}
