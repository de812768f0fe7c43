import BoundedBytes
import Cryptography
import Foundation
import SNPABI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct IDBlockTests {
    /// Blocks and what vouches for them, as virtee/sev and LIT-Protocol/sev-snp-utils made them.
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let expected: [String: String]
        let block: [UInt8]
        let authentication: [UInt8]
        var testDescription: String { name }

        static let all: [Sample] = (try? ["virtee", "lit"].map { try Sample($0) }) ?? []

        private init(_ name: String) throws {
            self.name = name
            let data = Data(try SharedData.bytes("snp/idblock/idblock.expected.json"))
            let file = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
            expected = (file?[name] ?? [:]).compactMapValues { $0 as? String }
            block = try #require(Hexadecimal.decode(expected["id_block_hex"] ?? ""))
            if name == "virtee" {
                authentication = try SharedData.bytes("snp/idblock/virtee_id_auth_4096.bin")
            } else {
                let text = Data(try SharedData.bytes("snp/idblock/lit_id_auth.b64"))
                authentication = Array(try #require(Data(base64Encoded: text, options: .ignoreUnknownCharacters)))
            }
        }
    }

    @Test func findsThem() { #expect(Sample.all.count == 2) }

    @Test(arguments: Sample.all) func areWrittenAsTheyWereRead(_ sample: Sample) throws {
        let block = try IDBlock(parsing: sample.block)
        #expect(block.encoded() == sample.block)
        #expect(block.policy.rawValue == 0x30000)
        #expect(block.guestSVN == 0)
        #expect(Hexadecimal.encode(block.launchDigest) == String((sample.expected["id_block_hex"] ?? "").prefix(96)))
        let authentication = try IDAuthentication(parsing: sample.authentication)
        #expect(authentication.encoded() == sample.authentication)
    }

    @Test(arguments: Sample.all) func haveTheKeysThatOthersFound(_ sample: Sample) throws {
        let authentication = try IDAuthentication(parsing: sample.authentication)
        #expect(Hexadecimal.encode(try authentication.idKey.digest()) == sample.expected["id_key_digest"])
        let author = try #require(authentication.author)
        #expect(Hexadecimal.encode(try author.key.digest()) == sample.expected["author_key_digest"])
    }

    /// With OpenSSL's own program as the judge of coordinates, numbers and what is signed.
    @Test(arguments: Sample.all) func areSignedAsOpenSSLSays(_ sample: Sample) throws {
        let authentication = try IDAuthentication(parsing: sample.authentication)
        let author = try #require(authentication.author)
        let block = try IDBlock(parsing: sample.block)
        #expect(try OpenSSL.isValid(authentication.blockSignature, by: authentication.idKey, over: block.encoded()))
        #expect(try OpenSSL.isValid(author.signature, by: author.key, over: authentication.idKey.encoded()))
        var changed = block
        changed.guestSVN = 1
        #expect(try !OpenSSL.isValid(authentication.blockSignature, by: authentication.idKey, over: changed.encoded()))
    }

    @Test func signaturesLieAloneInFilesToo() throws {
        let authentication = try IDAuthentication(parsing: Sample.all[0].authentication)
        let block = try ReportSignature(parsing: SharedData.bytes("snp/idblock/virtee_id_block_sig_512.bin"))
        #expect(authentication.blockSignature == block)
        let key = try ReportSignature(parsing: SharedData.bytes("snp/idblock/virtee_id_key_sig_512.bin"))
        #expect(authentication.author?.signature == key)
    }

    @Test func mayHaveNoAuthor() throws {
        var authentication = try IDAuthentication(parsing: Sample.all[0].authentication)
        authentication.author = nil
        let bytes = authentication.encoded()
        #expect(bytes[0x680...].allSatisfy { $0 == 0 })
        #expect(try IDAuthentication(parsing: bytes) == authentication)
        var other = bytes
        other[4] = 1
        #expect(try IDAuthentication(parsing: other) == authentication)
        other[4] = 2
        #expect(throws: SNPFormatError("ID_AUTH", .value(field: "AUTH_KEY_ALGO", 2))) {
            try IDAuthentication(parsing: other)
        }
    }

    @Test(arguments: Sample.all) func areRefusedAtOtherLengths(_ sample: Sample) {
        for count in 0..<sample.block.count {
            #expect(throws: SNPFormatError("ID_BLOCK", .size(expected: 96, found: count))) {
                try IDBlock(parsing: Array(sample.block[..<count]))
            }
        }
        for count in [0, 1, 0x83F, 4095] {
            #expect(throws: SNPFormatError("ID_AUTH", .size(expected: 4096, found: count))) {
                try IDAuthentication(parsing: Array(sample.authentication[..<count]))
            }
        }
        #expect(throws: SNPFormatError.self) { try IDBlock(parsing: sample.block + [0]) }
    }

    @Test func refusesOtherVersionsAlgorithmsAndCurves() throws {
        var block = Sample.all[0].block
        block[0x50] = 2
        #expect(throws: SNPFormatError("ID_BLOCK", .version(2))) { try IDBlock(parsing: block) }
        for (offset, value, error) in [
            (0x000, 2, SNPFormatError("ID_AUTH", .value(field: "ID_KEY_ALGO", 2))),
            (0x004, 0, SNPFormatError("ID_AUTH", .value(field: "AUTH_KEY_ALGO", 0))),
            (0x240, 1, SNPFormatError("ECDSA public key", .value(field: "CURVE", 1))),
            (0x880, 3, SNPFormatError("ECDSA public key", .value(field: "CURVE", 3))),
            (0x008, 1, SNPFormatError("ID_AUTH", .bytes(.reservedNotZero(offset: 0x008)))),
            (0x644, 1, SNPFormatError("ID_AUTH", .bytes(.reservedNotZero(offset: 0x644)))),
            (0xFFF, 1, SNPFormatError("ID_AUTH", .bytes(.reservedNotZero(offset: 0xFFF)))),
            (0x070, 1, SNPFormatError("ID_AUTH", .bytes(.reservedNotZero(offset: 0x070)))),
            (0x274, 1, SNPFormatError("ECDSA public key", .bytes(.reservedNotZero(offset: 0x34)))),
        ] as [(Int, UInt8, SNPFormatError)] {
            var changed = Sample.all[0].authentication
            changed[offset] = value
            #expect(throws: error) { try IDAuthentication(parsing: changed) }
        }
    }
}

/// `openssl dgst -verify`, for P-384 with SHA-384.
enum OpenSSL {
    static func isValid(
        _ signature: ReportSignature, by key: SigningPublicKey, over message: [UInt8]
    ) throws -> Bool {
        let scratch = try Scratch()
        // SubjectPublicKeyInfo of P-384 up to its point, RFC 5480.
        let head = Hexadecimal.decode("3076301006072a8648ce3d020106052b8104002203620004") ?? []
        try scratch.write(head + key.x + key.y, to: "key")
        try scratch.write(sequence([integer(signature.r), integer(signature.s)]), to: "signature")
        try scratch.write(message, to: "message")
        let result = try Command.run(
            [
                "openssl", "dgst", "-sha384", "-keyform", "DER", "-verify", "key", "-signature", "signature",
                "message",
            ], folder: scratch.path)
        return result.status == 0
    }

    private static func integer(_ number: [UInt8]) -> [UInt8] {
        var digits = Array(number.drop { $0 == 0 })
        if digits.first ?? 0x80 >= 0x80 { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }

    private static func sequence(_ values: [[UInt8]]) -> [UInt8] {
        let contents = Array(values.joined())
        return [0x30, UInt8(contents.count)] + contents
    }
}
