internal import CFUSE3
internal import CLinux

/// Requests about names, attributes and folders.
extension Server {
    static func serveNames(_ operations: inout fuse_lowlevel_ops) {
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

    static func serveFolders(_ operations: inout fuse_lowlevel_ops) {
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
}
