internal import CFUSE3
internal import CLinux

/// Answers the kernel's requests from a tree of virtual nodes.
final class Server {
    weak var session: Session?
    private(set) var nodes: NodeTable
    private var files: [UInt64: any OpenFile] = [:]
    private var listings: [UInt64: [String]] = [:]
    private var lastHandle: UInt64 = 0
    private let started: timespec

    init(root: VirtualNode) {
        nodes = NodeTable(root: root)
        var now = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &now)
        started = now
    }

    private func handle() -> UInt64 {
        lastHandle += 1
        return lastHandle
    }

    func folder(_ number: UInt64) throws(FileSystemFailure) -> any VirtualFolder {
        switch nodes[number] {
        case .folder(let folder): return folder
        case .file: throw .notAFolder
        case nil: throw .missing
        }
    }

    func attributes(_ number: UInt64, _ node: VirtualNode) -> stat {
        var status = stat()
        status.st_ino = ino_t(number)
        switch node {
        case .folder:
            status.st_mode = mode_t(S_IFDIR) | 0o755
            status.st_nlink = 2
        case .file(let file):
            status.st_mode = mode_t(S_IFREG) | file.permissions
            status.st_nlink = 1
        }
        (status.st_atim, status.st_mtim, status.st_ctim) = (started, started, started)
        return status
    }

    /// Tells the kernel about a node, which counts as one lookup.
    func enter(_ node: VirtualNode, _ request: fuse_req_t) {
        let number = nodes.number(lookingUp: node)
        var entry = fuse_entry_param()
        entry.ino = number
        entry.attr = attributes(number, node)
        // The kernel took the question back: it has not learnt the number.
        if unsafe fuse_reply_entry(request, &entry) != 0 { nodes.forget(number, lookups: 1) }
    }

    func forget(_ number: UInt64, lookups: UInt64) { nodes.forget(number, lookups: lookups) }

    // MARK: Open files

    func open(
        _ number: UInt64, _ request: fuse_req_t, _ information: UnsafeMutablePointer<fuse_file_info>
    ) throws(FileSystemFailure) {
        guard case .file(let file) = nodes[number] else { throw .isAFolder }
        let mode = unsafe information.pointee.flags & O_ACCMODE
        let opened = try file.open(for: Access(isReading: mode != O_WRONLY, isWriting: mode != O_RDONLY))
        let handle = handle()
        unsafe information.pointee.fh = handle
        unsafe shim_fuse_open_directly(information)
        files[handle] = opened
        if unsafe fuse_reply_open(request, information) != 0 { release(handle) }
    }

    func file(_ handle: UInt64) -> (any OpenFile)? { files[handle] }

    func release(_ handle: UInt64) { files.removeValue(forKey: handle)?.close() }

    func reply(_ request: fuse_req_t) -> Reply? { session.map { unsafe Reply(request, $0) } }

    // MARK: Listings

    func openFolder(
        _ number: UInt64, _ request: fuse_req_t, _ information: UnsafeMutablePointer<fuse_file_info>
    ) throws(FileSystemFailure) {
        let names = try folder(number).names
        let handle = handle()
        unsafe information.pointee.fh = handle
        listings[handle] = [".", ".."] + names
        if unsafe fuse_reply_open(request, information) != 0 { listings[handle] = nil }
    }

    /// The names from number `first` on that fit into `size` bytes. They stay those of the opening.
    func list(_ number: UInt64, _ handle: UInt64, from first: Int, size: Int, _ request: fuse_req_t) {
        let names = listings[handle] ?? []
        var buffer = [CChar](repeating: 0, count: size)
        var used = 0
        for index in names.indices.dropFirst(max(0, first)) {
            let name = names[index]
            var status = stat()
            status.st_mode = mode_t(S_IFDIR)
            status.st_ino = ino_t(number)
            if index > 1 {
                guard case .folder(let folder) = nodes[number], let node = folder.node(named: name) else { continue }
                status = attributes(nodes.number(of: node), node)
            }
            let needed = unsafe buffer.withUnsafeMutableBufferPointer {
                unsafe fuse_add_direntry(
                    request, $0.baseAddress?.advanced(by: used), size - used, name, &status, off_t(index + 1))
            }
            guard needed <= size - used else { break }
            used += needed
        }
        _ = unsafe fuse_reply_buf(request, buffer, used)
    }

    func releaseFolder(_ handle: UInt64) { listings[handle] = nil }
}
