internal import FUSEMount

/// An attribute of configfs that is one short text.
///
/// Source: Linux, `fs/configfs/file.c`: the text is made at an opening's first read; each write(2) is a whole value.
final class TextAttribute: VirtualFile {
    /// SIMPLE_ATTR_SIZE, less the terminating zero.
    static let longest = 4095

    /// Makes the text.
    typealias Show = (@escaping (Result<String, FileSystemFailure>) -> Void) -> Void
    /// Takes a value.
    typealias Store = ([UInt8], @escaping (Result<Void, FileSystemFailure>) -> Void) -> Void

    fileprivate let show: Show?
    fileprivate let store: Store?

    init(show: @escaping Show) {
        self.show = show
        store = nil
    }

    init(store: @escaping Store) {
        show = nil
        self.store = store
    }

    var permissions: UInt32 { show == nil ? 0o200 : 0o444 }

    func open(for access: Access) throws(FileSystemFailure) -> any OpenFile {
        guard !access.isReading || show != nil, !access.isWriting || store != nil else { throw .access }
        return OpenTextAttribute(self)
    }
}

private final class OpenTextAttribute: OpenFile {
    private let attribute: TextAttribute
    private var text: [UInt8]?

    init(_ attribute: TextAttribute) { self.attribute = attribute }

    func read(_ count: Int, at offset: Int, reply: Reply) {
        if let text { return reply.data(Array(text.dropFirst(offset).prefix(count))) }
        attribute.show? { result in
            do throws(FileSystemFailure) {
                let text = Array(try result.get().utf8)
                self.text = text
                reply.data(Array(text.dropFirst(offset).prefix(count)))
            } catch { reply.fail(error) }
        }
    }

    func write(_ bytes: [UInt8], at offset: Int, reply: Reply) {
        let value = Array(bytes.prefix(TextAttribute.longest))
        attribute.store?(value) { result in
            do throws(FileSystemFailure) {
                try result.get()
                reply.written(value.count)
            } catch { reply.fail(error) }
        }
    }
}
