import Cryptography
import EFI
import TestSupport
import Testing

/// A message of many signers: each would cost a search among all certificates, and an RSA operation.
@Suite(.enabled(if: SharedData.isPresent)) struct SignerCountTests {
    /// Made once: the keys take seconds.
    private static let made = Result { try SignedImages.make() }

    /// The message of a signed image with the elements of one set of its SignedData `count` times.
    private func message(repeating member: Member, count: Int) throws -> [UInt8] {
        let image = MemorySource(try Self.made.get().bytes("one"))
        let message = try BootImage(reading: image).certificates[0].content
        // From ContentInfo to its content, and to the SignedData in that.
        return try Self.repeating(member, in: Element(message[...]), path: [1, 0], count: count)
    }

    /// Places in SignedData: version, algorithms and content stand before. Source: RFC 2315, section 9.1.
    private enum Member: Int { case certificates = 3, signers = 4 }

    @Test(arguments: [1, 8]) func readsEightSigners(_ count: Int) throws {
        let message = try message(repeating: .signers, count: count)
        #expect(try CodeSignature.parse(message).signers.count == count)
    }

    @Test func refusesNineSigners() throws {
        let message = try message(repeating: .signers, count: 9)
        #expect(throws: SignatureDefect.signerCount(9)) { try CodeSignature.parse(message).signers.count }
    }

    @Test func refusesAMessageAbove64KiB() throws {
        let short = try message(repeating: .certificates, count: 10)
        #expect(try CodeSignature.parse(short).signers.count == 1)
        let long = try message(repeating: .certificates, count: 60)
        try #require(long.count > 1 << 16)
        #expect(throws: SignatureDefect.notPKCS7) { try CodeSignature.parse(long).signers.count }
    }

    /// One DER element with the definite lengths that openssl writes.
    private struct Element {
        let tag: UInt8
        let content: ArraySlice<UInt8>

        init(_ bytes: ArraySlice<UInt8>) throws {
            let start = bytes.startIndex
            tag = try #require(bytes.first)
            let first = Int(try #require(bytes.dropFirst().first))
            let extra = first < 0x80 ? 0 : first & 0x7F
            let length = first < 0x80 ? first : bytes[(start + 2)..<(start + 2 + extra)].reduce(0) { $0 << 8 | Int($1) }
            content = bytes[(start + 2 + extra)..<(start + 2 + extra + length)]
        }

        /// The elements inside, each with its head.
        var members: [ArraySlice<UInt8>] {
            get throws {
                var members: [ArraySlice<UInt8>] = []
                var rest = content
                while !rest.isEmpty {
                    let end = try Element(rest).content.endIndex
                    members.append(rest[..<end])
                    rest = rest[end...]
                }
                return members
            }
        }

        static func encode(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
            [tag, 0x83] + [16, 8, 0].map { UInt8(truncatingIfNeeded: content.count >> $0) } + content
        }
    }

    private static func repeating(
        _ member: Member, in element: Element, path: ArraySlice<Int>, count: Int
    ) throws -> [UInt8] {
        var members = try element.members.map(Array.init)
        if let index = path.first {
            let inner = try Element(members[index][...])
            members[index] = try repeating(member, in: inner, path: path.dropFirst(), count: count)
        } else {
            let set = try Element(members[member.rawValue][...])
            let content = [[UInt8]](repeating: Array(set.content), count: count).joined()
            members[member.rawValue] = Element.encode(set.tag, Array(content))
        }
        return Element.encode(element.tag, Array(members.joined()))
    }
}
