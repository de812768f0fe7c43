internal import CFUSE3
internal import CLinux

/// `struct fuse_session`, alive until the mount and every reply are done with it. Its end closes the connection: the
/// kernel then ends all calls on the file system with ENOTCONN.
@safe final class Session {
    let pointer: OpaquePointer  // struct fuse_session *
    private var buffer = unsafe fuse_buf()

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit {
        unsafe free(buffer.mem)
        unsafe fuse_session_destroy(pointer)
    }

    /// Reads one request and serves it.
    ///
    /// - Returns: false where the file system is gone.
    func serve() -> Bool {
        let count = unsafe fuse_session_receive_buf(pointer, &buffer)
        // A request that was taken back, or none yet.
        if count == -EINTR || count == -EAGAIN { return true }
        guard count > 0 else { return false }
        unsafe fuse_session_process_buf(pointer, &buffer)
        return unsafe fuse_session_exited(pointer) == 0
    }
}
