import Cryptography
import JSON
import LUKSHeader
import SealedFormat
import TestSupport
import Testing

@Suite struct SealedTokenTests {
    static let sample = SealedToken(
        keyslot: 1,
        parent: .init(
            handle: 0x8100_0002, name: [0x00, 0x0B] + [UInt8](repeating: 0xA1, count: 32),
            publicArea: [0, 8] + Array("pubarea1".utf8)),
        object: .init(publicArea: [0, 8] + Array("pubarea2".utf8), wrapped: .native([0, 7] + Array("private".utf8))),
        policies: [
            .init(
                label: "6.1.0-44", bank: .sha256, pcrs: [4, 7], digest: [UInt8](repeating: 0xB2, count: 32),
                values: [
                    .init(pcr: 4, digest: [UInt8](repeating: 4, count: 32)),
                    .init(pcr: 7, digest: [UInt8](repeating: 7, count: 32)),
                ])
        ],
        headerMAC: [UInt8](repeating: 0xC3, count: 32), volumeKeyID: [UInt8](repeating: 0xD4, count: 32))

    @Test func readsTheTokenOfTheDesign() throws {
        #expect(try SealedToken(JSONValue(parsing: TokenSample.text)) == Self.sample)
    }

    @Test func writesTheTokenOfTheDesign() throws {
        #expect(Self.sample.json() == (try JSONValue(parsing: TokenSample.text)))
    }

    static var signedSample: SealedToken {
        var token = sample
        token.object.wrapped = .duplicate([0, 7] + Array("private".utf8), seed: [0, 4] + Array("seed".utf8))
        token.authority = .init(
            publicArea: token.parent.publicArea, reference: [UInt8](repeating: 0xE5, count: 32))
        token.counter = 0x0180_5EA0
        token.policies = [
            .init(
                label: "6.1.0-44", bank: .sha256, pcrs: [4], digest: [UInt8](repeating: 0xB2, count: 32), values: [],
                count: 7, signature: [UInt8](repeating: 0xF6, count: 64))
        ]
        token.secondFactor = .init(
            rootKey: .chip, fields: [.policy, .measurement], vmpl: 1, guestSVN: 2, tcbVersion: 0xDB18_0000_0000_0004)
        return token
    }

    @Test func readsAndWritesATokenWithAuthorityAndSecondFactor() throws {
        let json = try JSONValue(parsing: TokenSample.signedText)
        #expect(try SealedToken(json) == Self.signedSample)
        #expect(Self.signedSample.json() == json)
    }

    /// The first policy comes when the authority has approved it.
    @Test func readsATokenThatWaitsForItsFirstPolicy() throws {
        let json = try TokenSample.changed("tpm2/policies", of: TokenSample.signedText, to: "[]")
        let token = try SealedToken(json)
        #expect(token.policies.isEmpty)
        #expect(try SealedToken(token.json()) == token)
    }

    @Test func comesBackUnchangedFromCryptsetup() throws {
        let file = try VolumeFile()
        try file.addKeyslot()
        let exported = try file.importToken(Self.sample.json().compact, id: 5)
        #expect(try SealedToken(JSONValue(parsing: exported)) == Self.sample)
        let copies = try HeaderCopies { (offset, count) throws in try file.read(offset, count) }
        let header = try LUKSHeader(checking: copies, deviceByteCount: UInt64(file.byteCount))
        let token = try #require(header.tokens(ofType: SealedToken.type).first)
        #expect(token.id == 5)
        #expect(try SealedToken(token.value) == Self.sample)
    }

    @Test func reads32PoliciesAndTheLargestPCRSet() throws {
        let pcrs = (0...23).map { "\($0)" }.joined(separator: ",")
        let policy =
            #"{"label":"","bank":"sha384","pcrs":[\#(pcrs)],"digest":"\#(TokenSample.policyDigest)","values":{}}"#
        let list = "[" + [String](repeating: policy, count: 32).joined(separator: ",") + "]"
        let token = try SealedToken(TokenSample.changed("tpm2/policies", to: list))
        #expect(token.policies.count == 32)
        #expect(token.policies.last?.bank == .sha384)
        #expect(token.policies.last?.pcrs == Array(0...23))
        #expect(try SealedToken(token.json()) == token)
        let more = "[" + [String](repeating: policy, count: 33).joined(separator: ",") + "]"
        #expect(throws: TokenError("tpm2.policies", .wrongLength(33))) {
            try SealedToken(TokenSample.changed("tpm2/policies", to: more))
        }
    }

    /// Sizes of tss2_tpm2_types.h: TPMT_PUBLIC 612 bytes; TPM2B_PRIVATE 1552 bytes, of which 2 hold its size.
    @Test(arguments: [("public", 612), ("private", 1550)])
    func readsAreasUpToWhatATPM2BHolds(_ name: String, _ limit: Int) throws {
        for (count, isAllowed) in [(1, true), (limit, true), (limit + 1, false), (0, false)] {
            let area = [UInt8(count >> 8), UInt8(count & 0xFF)] + [UInt8](repeating: 0x61, count: count)
            let json = try TokenSample.changed("tpm2/object/" + name, to: "\"" + TokenSample.base64(area) + "\"")
            if isAllowed {
                let object = try SealedToken(json).object
                #expect(name == "public" ? object.publicArea == area : object.wrapped == .native(area))
            } else {
                #expect(throws: TokenError("tpm2.object." + name, .wrongLength(count + 2))) { try SealedToken(json) }
            }
        }
    }

    @Test func refusesEveryMissingMember() throws {
        let members = [
            "type", "keyslots", "version", "tpm2", "tpm2/parent", "tpm2/parent/handle", "tpm2/parent/name",
            "tpm2/parent/public", "tpm2/object", "tpm2/object/public", "tpm2/object/private", "tpm2/policies",
            "header_mac", "volume_key_id",
        ]
        for path in members {
            let field = path.split(separator: "/").joined(separator: ".")
            #expect(throws: TokenError(field, .missing)) { try SealedToken(TokenSample.changed(path, to: nil)) }
        }
        for name in ["label", "bank", "pcrs", "digest", "values"] {
            #expect(throws: TokenError("tpm2.policies[0]." + name, .missing)) {
                try SealedToken(TokenSample.changed("tpm2/policies/0/" + name, to: nil))
            }
        }
    }
}
