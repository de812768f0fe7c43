internal import CFUSE3
internal import CLinux

extension Server {
    /// Longest name of a folder, in bytes.
    private static let longestName = 255

    private static func of(_ request: fuse_req_t?) -> Server? {
        guard let request = unsafe request, let context = unsafe fuse_req_userdata(request) else { return nil }
        return unsafe Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
    }

    /// Runs `body`, and answers for it where it fails.
    private static func serve(
        _ request: fuse_req_t?, _ body: (Server, fuse_req_t) throws(FileSystemFailure) -> Void
    ) {
        guard let request = unsafe request else { return }
        do throws(FileSystemFailure) {
            guard let server = unsafe of(request) else { throw .inputOutput }
            try unsafe body(server, request)
        } catch { _ = unsafe fuse_reply_err(request, error.code) }
    }

    /// Runs `body` with the open file and with the reply, which answers even where nobody else does.
    private static func serve(
        _ request: fuse_req_t?, _ information: UnsafeMutablePointer<fuse_file_info>?,
        _ body: (any OpenFile, Reply) -> Void
    ) {
        guard let request = unsafe request else { return }
        guard let server = unsafe of(request), let handle = unsafe information?.pointee.fh,
            let file = server.file(handle), let reply = unsafe server.reply(request)
        else {
            _ = unsafe fuse_reply_err(request, FileSystemFailure.inputOutput.code)
            return
        }
        body(file, reply)
    }

    private static func name(_ name: UnsafePointer<CChar>?) throws(FileSystemFailure) -> String {
        // Nobody has a name that is not UTF-8, nor can make one.
        guard let name = unsafe name, let text = unsafe String(validatingCString: name) else { throw .missing }
        guard text.utf8.count <= longestName else { throw .nameTooLong }
        return text
    }

    static var operations: fuse_lowlevel_ops {
        var operations = fuse_lowlevel_ops()
        // However many files are closed at once, the kernel holds none of these requests back: order is kept.
        unsafe operations.`init` = { unsafe $1?.pointee.max_background = 65535 }
        serveNames(&operations)
        serveFolders(&operations)
        serveFiles(&operations)
        refuse(&operations)
        return operations
    }

    private static func serveNames(_ operations: inout fuse_lowlevel_ops) {
        unsafe operations.lookup = { request, parent, name in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let node = try server.folder(parent).node(named: unsafe Server.name(name)) else {
                    throw .missing
                }
                unsafe server.enter(node, request)
            }
        }
        unsafe operations.forget = { request, number, lookups in
            unsafe Server.of(request)?.forget(number, lookups: lookups)
            if let request = unsafe request { unsafe fuse_reply_none(request) }
        }
        unsafe operations.getattr = { request, number, _ in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let node = server.nodes[number] else { throw .missing }
                var status = server.attributes(number, node)
                _ = unsafe fuse_reply_attr(request, &status, 0)
            }
        }
        // A shell cuts a file that it writes to; owner and mode are not to be changed.
        unsafe operations.setattr = { request, number, _, selected, _ in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let node = server.nodes[number] else { throw .missing }
                guard selected & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID) == 0 else {
                    throw .notPermitted
                }
                var status = server.attributes(number, node)
                _ = unsafe fuse_reply_attr(request, &status, 0)
            }
        }
    }

    private static func serveFolders(_ operations: inout fuse_lowlevel_ops) {
        unsafe operations.mkdir = { request, parent, name, _ in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                let folder = try server.folder(parent)
                let name = try unsafe Server.name(name)
                try folder.makeFolder(name)
                guard let node = folder.node(named: name) else { throw .inputOutput }
                unsafe server.enter(node, request)
            }
        }
        unsafe operations.rmdir = { request, parent, name in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                try server.folder(parent).removeFolder(unsafe Server.name(name))
                _ = unsafe fuse_reply_err(request, 0)
            }
        }
        unsafe operations.opendir = { request, number, information in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let information = unsafe information else { throw .inputOutput }
                try unsafe server.openFolder(number, request, information)
            }
        }
        unsafe operations.readdir = { request, number, size, offset, information in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                guard let handle = unsafe information?.pointee.fh else { throw .inputOutput }
                unsafe server.list(number, handle, from: Int(offset), size: size, request)
            }
        }
        unsafe operations.releasedir = { request, _, information in
            unsafe Server.serve(request) { (server, request) throws(FileSystemFailure) in
                if let handle = unsafe information?.pointee.fh { server.releaseFolder(handle) }
                _ = unsafe fuse_reply_err(request, 0)
            }
        }
    }

    private static func serveFiles(_ operations: inout fuse_lowlevel_ops) {
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

    /// What no such folder allows, with the errors that Linux gives for configfs.
    private static func refuse(_ operations: inout fuse_lowlevel_ops) {
        unsafe operations.create = { request, _, _, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.access.code)
        }
        unsafe operations.mknod = { request, _, _, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.notPermitted.code)
        }
        unsafe operations.unlink = { request, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.notPermitted.code)
        }
        unsafe operations.symlink = { request, _, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.notPermitted.code)
        }
        unsafe operations.rename = { request, _, _, _, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.notPermitted.code)
        }
        unsafe operations.link = { request, _, _, _ in
            _ = unsafe fuse_reply_err(request, FileSystemFailure.notPermitted.code)
        }
    }
}
