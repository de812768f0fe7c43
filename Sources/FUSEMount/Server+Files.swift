internal import CFUSE3
internal import CLinux

/// Requests about open files.
extension Server {
    static func serveFiles(_ operations: inout fuse_lowlevel_ops) {
        unsafe operations.open = { request, number, information in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let information = unsafe information else { throw .inputOutput }
                try unsafe server.open(number, request, information)
            }
        }
        unsafe operations.read = { request, _, size, offset, information in
            unsafe Server.serve(request, information) { $0.read(size, at: Int(offset), reply: $1) }
        }
        unsafe operations.write = { request, _, bytes, size, offset, information in
            let copy = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: size))
            unsafe Server.serve(request, information) { $0.write(copy, at: Int(offset), reply: $1) }
        }
        unsafe operations.ioctl = { request, _, command, argument, information, flags, _, _, _ in
            // Neither a folder nor a program of 32 bits has such calls.
            guard flags & UInt32(FUSE_IOCTL_COMPAT | FUSE_IOCTL_DIR) == 0 else {
                _ = unsafe fuse_reply_err(request, FileSystemFailure.noSuchControl.code)
                return
            }
            let thread = unsafe fuse_req_ctx(request)?.pointee.pid ?? 0
            let call = ControlCall(
                request: command, argument: UInt64(UInt(bitPattern: argument)), caller: CallerMemory(thread: thread))
            unsafe Server.serve(request, information) { $0.control(call, reply: $1) }
        }
        unsafe operations.release = { request, _, information in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                if let handle = unsafe information?.pointee.fh { server.release(handle) }
                _ = unsafe fuse_reply_err(request, 0)
            }
        }
    }
}
