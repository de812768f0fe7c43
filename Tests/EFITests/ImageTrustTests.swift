import BoundedBytes
import Cryptography
import EFI
import TestSupport
import Testing

/// Signatures that openssl and sbsign made, and what these say about the same certificates.
@Suite(.enabled(if: SharedData.isPresent)) struct ImageTrustTests {
    private let folder: Scratch

    /// Made once for all tests: the keys take seconds.
    private static let made = Result { try SignedImages.make() }

    init() throws { folder = try Self.made.get() }

    private func certificate(_ name: String) throws -> [UInt8] { try folder.bytes(name + ".der") }

    private func verdict(
        on image: String, allowed: [String] = [], forbidden: [String] = [], forbiddenLists: [SignatureList] = []
    ) throws -> ImageTrust.Verdict {
        let source = MemorySource(try folder.bytes(image))
        let parsed = try BootImage(reading: source)
        var denied = SignatureDatabase(forbiddenLists)
        if forbiddenLists.isEmpty { denied = SignatureDatabase(certificates: try forbidden.map(certificate)) }
        let trust = ImageTrust(
            allowed: SignatureDatabase(certificates: try allowed.map(certificate)), forbidden: denied)
        let digest = try parsed.layout.digest(.sha256, of: source)
        return try trust.verdict(on: parsed.certificates, digests: [.init(.sha256, digest)])
    }

    /// What openssl says about the chain of a signer. (sbverify takes any certificate for a chain that is cut short.)
    private func isIssued(_ signer: String, under name: String) throws -> Bool {
        let words = ["openssl", "verify", "-partial_chain", "-no_check_time", "-trusted", folder.file(name + ".pem")]
        let files = ["-untrusted", folder.file("intermediate.pem"), folder.file(signer + ".pem")]
        return try Command.run(words + files).status == 0
    }

    private static func name(_ text: String) -> X509Certificate.Name { .init(commonName: text, organization: "") }

    @Test(arguments: ["root", "intermediate", "leaf", "stranger"], ["one", "two"])
    func acceptsByEachCertificateThatOpensslAccepts(_ name: String, _ image: String) throws {
        let accepted = ImageTrust.Verdict.acceptedByCertificate(index: 0, subject: Self.name(name))
        let isAccepted = try verdict(on: image, allowed: [name]) == accepted
        let signers = image == "one" ? ["leaf"] : ["stranger", "leaf"]
        #expect(try isAccepted == signers.contains { try isIssued($0, under: name) })
        try folder.shell("sbverify --cert root.pem \(image)")
    }

    @Test func namesTheSignerThatItDoesNotTrust() throws {
        #expect(try verdict(on: "one", allowed: ["stranger"]) == .refused(.untrusted(signer: Self.name("leaf"))))
        #expect(try verdict(on: "one") == .refused(.untrusted(signer: Self.name("leaf"))))
        #expect(try verdict(on: "plain", allowed: ["root"]) == .refused(.unsigned))
    }

    @Test(arguments: ["root", "intermediate", "leaf"])
    func oneForbiddenCertificateInTheChainIsEnough(_ name: String) throws {
        let refused = ImageTrust.Verdict.refused(.forbiddenCertificate(signer: Self.name("leaf")))
        #expect(try verdict(on: "one", allowed: ["root"], forbidden: [name]) == refused)
        #expect(try verdict(on: "two", allowed: ["root", "stranger"], forbidden: [name]) == refused)
        #expect(try verdict(on: "one", allowed: ["root"], forbidden: ["stranger"]) != refused)
    }

    /// A list of type X509_SHA256 by hand: GUID, sizes, owner, digest and a time of zeros.
    @Test(arguments: ["root", "intermediate", "leaf"])
    func forbidsACertificateByTheDigestOfWhatIsSignedInIt(_ name: String) throws {
        let digest = try folder.bytes(name + ".tbs.sha256")
        let zeros = [UInt8](repeating: 0, count: 16)
        let header: [UInt8] = [92, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0]
        let type: [UInt8] = [
            0x92, 0xA4, 0xD2, 0x3B, 0xC0, 0x96, 0x79, 0x40, 0xB4, 0x20, 0xFC, 0xF9, 0x8E, 0xF1, 0x03, 0xED,
        ]
        let lists = try SignatureList.parseAll(type + header + zeros + digest + zeros)
        let verdict = try verdict(on: "one", allowed: ["root"], forbiddenLists: lists)
        if case .acceptedByCertificate = verdict { Issue.record("\(name) is forbidden") }
    }

    /// sbsiglist writes the list.
    @Test func forbidsAnImageByItsDigestWhateverItsSignature() throws {
        let source = MemorySource(try folder.bytes("one"))
        let digest = try PEImage(parsing: try folder.bytes("one")).digest(.sha256, of: source)
        try folder.write(digest, to: "digest")
        try folder.shell("sbsiglist --owner 77fa9abd-0359-4d32-bd60-28f4e78f784b --type sha256 --output list digest")
        let lists = try SignatureList.parseAll(try folder.bytes("list"))
        #expect(lists[0].signatures[0].owner.description == "77fa9abd-0359-4d32-bd60-28f4e78f784b")
        #expect(try verdict(on: "one", allowed: ["root"], forbiddenLists: lists) == .refused(.forbiddenImage))
        #expect(
            try ImageTrust(allowed: SignatureDatabase(lists)).verdict(on: [], digests: [.init(.sha256, digest)])
                == .acceptedByDigest)
    }

    @Test func refusesToJudgeWithoutTheDigestsThatTheDatabasesUse() throws {
        let denied = SignatureDatabase(images: [.init(.sha384, [UInt8](repeating: 0, count: 48))])
        let trust = ImageTrust(allowed: SignatureDatabase(), forbidden: denied)
        let digest = SignatureDatabase.Digest(.sha256, [UInt8](repeating: 0, count: 32))
        #expect(try trust.verdict(on: [], digests: [digest]) == .refused(.digestNotGiven(.sha384)))
    }

    @Test func refusesAForbiddenListThatItCannotRead() throws {
        let image = try BootImage(reading: MemorySource(try folder.bytes("one")))
        let trust = ImageTrust(
            allowed: SignatureDatabase(certificates: [try certificate("root")]),
            forbidden: SignatureDatabase(certificates: [[0x30, 0x00]]))
        let digest = try image.signatures()[0].digest
        #expect(
            try trust.verdict(on: image.certificates, digests: [.init(.sha256, digest)])
                == .refused(.unreadableForbiddenCertificate(index: 0)))
    }

    /// The digest that a message vouches for, or nil where it cannot be read or is not trusted.
    private func trustedDigest(_ message: [UInt8], by authority: [UInt8]) throws -> [UInt8]? {
        guard let authority = X509Certificate.parse(authority), let signature = try? CodeSignature.parse(message),
            try signature.isTrusted(by: authority)
        else { return nil }
        return signature.digest
    }

    @Test func readsNoSignatureThatWasCutOrSpoilt() throws {
        let message = try BootImage(reading: MemorySource(try folder.bytes("one"))).certificates[0].content
        for length in 0..<message.count - 8 {
            #expect(throws: SignatureDefect.self, "cut to \(length)") {
                _ = try CodeSignature.parse(Array(message.prefix(length))).digest
            }
        }
        #expect(throws: SignatureDefect.trailing) {
            _ = try CodeSignature.parse(message + [UInt8](repeating: 0, count: 8)).digest
        }
        let (root, image) = (try certificate("root"), try CodeSignature.parse(message).digest)
        for offset in message.indices {
            var spoilt = message
            spoilt[offset] ^= 0x20
            // What is still trusted vouches for the same image.
            let vouched = try trustedDigest(spoilt, by: root)
            #expect(vouched == nil || vouched == image, "byte \(offset)")
        }
    }
}
