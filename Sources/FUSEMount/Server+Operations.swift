internal import CFUSE3
internal import CLinux

extension Server {
    /// Longest name of a folder, in bytes.
    private static let longestName = 255

    static func of(_ request: fuse_req_t?) -> Server? {
        guard let request = unsafe request, let context = unsafe fuse_req_userdata(request) else { return nil }
        return unsafe Unmanaged<Server>.fromOpaque(context).takeUnretainedValue()
    }

    /// Runs `body`, and answers for it where it fails.
    static func serve(
        _ request: fuse_req_t?, _ body: (Server, fuse_req_t) throws(FileSystemFailure) -> Void
    ) {
        guard let request = unsafe request else { return }
        do throws(FileSystemFailure) {
            guard let server = unsafe of(request) else { throw .inputOutput }
            try unsafe body(server, request)
        } catch { _ = unsafe fuse_reply_err(request, error.code) }
    }

    /// Runs `body` with the open file and with the reply, which answers even where nobody else does.
    static func serve(
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

    static func name(_ name: UnsafePointer<CChar>?) throws(FileSystemFailure) -> String {
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
