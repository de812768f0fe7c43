internal import FUSEMount

/// An attribute of configfs that is bytes.
///
/// Source: Linux, `fs/configfs/file.c`: the bytes are made at an opening's first read. What is written is gathered, and
/// handed over when the file is closed: whoever wrote it does not learn whether it was taken.
final class BlobAttribute: VirtualFile {
    typealias Load = (@escaping (Result<[UInt8], FileSystemFailure>) -> Void) -> Void
    typealias Store = ([UInt8]) -> Void

    fileprivate let load: Load?
    fileprivate let store: Store?
    /// Most bytes that can be written.
    fileprivate let limit: Int

    init(load: @escaping Load) {
        self.load = load
        store = nil
        limit = 0
    }

    init(limit: Int, store: @escaping Store) {
        load = nil
        self.store = store
        self.limit = limit
    }

    var permissions: UInt32 { load == nil ? 0o200 : 0o444 }

    func open(for access: Access) throws(FileSystemFailure) -> any OpenFile {
        guard !access.isReading || load != nil, !access.isWriting || store != nil else { throw .access }
        return OpenBlobAttribute(self)
    }
}

private final class OpenBlobAttribute: OpenFile {
    private let attribute: BlobAttribute
    private var loaded: [UInt8]?
    private var gathered: [UInt8]?

    init(_ attribute: BlobAttribute) { self.attribute = attribute }

    func read(_ count: Int, at offset: Int, reply: Reply) {
        if let loaded { return reply.data(Array(loaded.dropFirst(offset).prefix(count))) }
        attribute.load? { result in
            do throws(FileSystemFailure) {
                let bytes = try result.get()
                self.loaded = bytes
                reply.data(Array(bytes.dropFirst(offset).prefix(count)))
            } catch { reply.fail(error) }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int, reply: Reply) {
        // A write that is refused leaves the file one that was written, with what it had: so it is in Linux.
        var blob = gathered ?? []
        defer { gathered = blob }
        guard offset <= attribute.limit - bytes.count else { return reply.fail(.tooLarge) }
        let missing = offset + bytes.count - blob.count
        if missing > 0 { blob += [UInt8](repeating: 0, count: missing) }
        blob.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        reply.written(bytes.count)
    }

    func close() {
        if let gathered { attribute.store?(gathered) }
    }
}
