import BoundedBytes
import Cryptography
import EFI
import JSON
import TestSupport
import Testing

/// What other implementations say about the sample files: go-uefi, shim and the signers themselves.
@Suite(.enabled(if: SharedData.isPresent)) struct PEImageTests {
    private static let expected: [JSONMember] = {
        guard SharedData.isPresent else { return [] }
        let bytes = (try? SharedData.bytes("pe/authenticode.expected.json")) ?? []
        return (try? JSONValue(parsing: bytes))?.members ?? []
    }()
    static let names = expected.map(\.name)

    @Test func hasAllSampleFiles() { #expect(Self.names.count == 10) }

    @Test(arguments: names) func hashesAsTheOthersDo(_ name: String) throws {
        let facts = try #require(Self.expected.first { $0.name == name }?.value)
        let source = MemorySource(try SharedData.bytes("pe/" + name))
        let image = try BootImage(reading: source)
        for algorithm in [DigestAlgorithm.sha1, .sha256, .sha384] {
            let digest = Hexadecimal.encode(try image.layout.digest(algorithm, of: source))
            #expect(digest == facts["authenticode_" + algorithm.rawValue]?.string)
        }
        let padded = Hexadecimal.encode(try image.layout.digestAfterSigning(.sha256, of: source))
        #expect(padded == facts["authenticode_sha256_if_padded_to_8"]?.string)
        let inside = try #require(facts["embedded_signature_digests"]?.array).map { $0.array?.compactMap(\.string) }
        #expect(try image.signatures().map { [$0.algorithm.rawValue, Hexadecimal.encode($0.digest)] } == inside)
    }
}
