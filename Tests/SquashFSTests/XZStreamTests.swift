import TestSupport
import Testing
import XZ

/// Against xz of XZ Utils.
@Suite struct XZStreamTests {
    private let scratch: Scratch
    private let text: [UInt8]

    init() throws {
        scratch = try Scratch()
        try scratch.shell("seq 20000 >text")
        text = try scratch.bytes("text")
    }

    private func stream(_ options: String) throws -> [UInt8] {
        try scratch.shell("xz -c \(options) text >stream")
        return try scratch.bytes("stream")
    }

    @Test(arguments: ["-0", "-9e", "--check=crc32", "--check=none", "--x86 --lzma2=dict=1MiB", "--block-size=4096"])
    func decodesWhatXZMakes(_ options: String) throws {
        let stream = try stream(options)
        #expect(try XZStream.decode(stream, limit: text.count) == text)
        #expect(throws: XZError.tooLong(limit: text.count - 1)) { try XZStream.decode(stream, limit: text.count - 1) }
    }

    @Test func refusesWhatIsNoWholeStream() throws {
        let stream = try stream("-6")
        for length in 0..<stream.count {
            #expect(throws: XZError.self) { try XZStream.decode(Array(stream.prefix(length)), limit: text.count) }
        }
        #expect(throws: XZError.trailing(count: 1)) { try XZStream.decode(stream + [0], limit: text.count) }
        var changed = stream
        changed[stream.count / 2] ^= 1
        #expect(throws: XZError.malformed) { try XZStream.decode(changed, limit: text.count) }
        let greedy = try self.stream("--lzma2=dict=512MiB")
        #expect(throws: XZError.self) { try XZStream.decode(greedy, limit: text.count) }
    }
}
