import BoundedBytes
import Cryptography
import EFI
import Foundation
import TestSupport
import Testing

/// The real chain: Microsoft signed shim, and Debian, whose certificate is in shim, signed GRUB and the kernel.
@Suite(.enabled(if: DebianImages.isPresent)) struct DebianChainTests {
    private let folder: Scratch

    init() throws {
        folder = try Scratch()
        try DebianImages.unpack(into: folder)
    }

    private func judge(_ name: String, by trust: ImageTrust) throws -> ImageTrust.Verdict {
        let source = MemorySource(try folder.bytes(name))
        let image = try BootImage(reading: source)
        let digest = try image.layout.digest(.sha256, of: source)
        return try trust.verdict(on: image.certificates, digests: [.init(.sha256, digest)])
    }

    private func microsoft() throws -> ImageTrust {
        let file = Array(try Data(contentsOf: URL(filePath: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")))
        let store = try VariableStore(parsing: file)
        let (db, dbx) = (store["db", GUID.securityDatabase], store["dbx", GUID.securityDatabase])
        return ImageTrust(
            allowed: SignatureDatabase(try SignatureList.parseAll(try #require(db).data)),
            forbidden: SignatureDatabase(try SignatureList.parseAll(dbx?.data ?? [])))
    }

    /// shim's section `.vendor_cert`: sizes and offsets of what it allows and forbids, each 32 bits, little-endian.
    /// Source: rhboot/shim, `cert.S`.
    private func vendor() throws -> ImageTrust {
        // Its name is longer than eight bytes; objcopy finds it in the string table.
        try folder.shell("objcopy -O binary --only-section=.vendor_cert shim vendor")
        let table = try folder.bytes("vendor")
        func number(_ index: Int) -> Int { (0..<4).reduce(0) { $0 | Int(table[index * 4 + $1]) << (8 * $1) } }
        let allowed = Array(table[number(2)..<number(2) + number(0)])
        let forbidden = Array(table[number(3)..<number(3) + number(1)])
        return ImageTrust(
            allowed: SignatureDatabase(certificates: [allowed]),
            forbidden: SignatureDatabase(try SignatureList.parseAll(forbidden)))
    }

    @Test func readsLongSectionNamesAsObjdumpDoes() throws {
        let listed = try folder.shell("objdump -h shim | awk '$1 ~ /^[0-9]+$/ { print $2 }'")
        let image = try BootImage(reading: MemorySource(try folder.bytes("shim")))
        #expect(image.sectionNames == listed.split(separator: "\n").map(String.init))
        #expect(image.section(".vendor_cert") == image.layout.sections.first { $0.name == "/37" })
        #expect(image.section(".none") == nil)
    }

    @Test func theKeysInDebiansFirmwareAcceptShim() throws {
        guard case .acceptedByCertificate(_, let subject) = try judge("shim", by: microsoft()) else {
            Issue.record("\(try judge("shim", by: microsoft()))")
            return
        }
        #expect(subject.commonName == "Microsoft Corporation UEFI CA 2011")
        #expect(try judge("shim-unsigned", by: microsoft()) == .refused(.unsigned))
    }

    /// Since 2025 shim has two signatures: each of them is enough.
    @Test func eitherSignatureOfShimIsEnough() throws {
        let image = try BootImage(reading: MemorySource(try folder.bytes("shim")))
        let issuers = try image.signatures().map { $0.signers.map(\.issuer.commonName) }
        let listed = try folder.shell("sbverify --list shim 2>/dev/null | grep -A1 'signature issuers'")
        for issuer in issuers { #expect(listed.contains("CN=" + issuer.joined())) }
        #expect(issuers.count == listed.split(separator: "\n").count { $0.contains("image signature issuers") })
    }

    @Test(arguments: ["grub", "kernel"]) func debiansKeyInShimAcceptsTheRest(_ name: String) throws {
        guard case .acceptedByCertificate(0, let subject) = try judge(name, by: vendor()) else {
            Issue.record("\(try judge(name, by: vendor()))")
            return
        }
        #expect(subject.commonName == "Debian Secure Boot CA")
        guard case .refused(.untrusted(let signer)) = try judge(name, by: microsoft()) else {
            Issue.record("Microsoft's keys do not sign Debian's \(name)")
            return
        }
        #expect(signer.commonName.hasPrefix("Debian Secure Boot Signer"))
    }

    /// Debian's forbidden list names old GRUBs and kernels; this checks that it is read at all.
    @Test func shimForbidsWhatDebianRevoked() throws {
        let trust = try vendor()
        #expect(!trust.forbidden.images.isEmpty || !trust.forbidden.certificates.isEmpty)
    }

    @Test(arguments: ["shim", "grub", "kernel"]) func oneChangedByteIsAnotherImage(_ name: String) throws {
        let bytes = try folder.bytes(name)
        let section = try #require(try PEImage(parsing: bytes).sections.last { !$0.rawRange.isEmpty })
        var changed = bytes
        changed[section.rawRange.lowerBound] ^= 1
        try folder.write(changed, to: name)
        let trust = try name == "shim" ? microsoft() : ImageTrust(allowed: SignatureDatabase(certificates: []))
        guard case .refused(.otherImage) = try judge(name, by: trust) else {
            Issue.record("accepted, or refused for another reason: \(try judge(name, by: trust))")
            return
        }
    }

    @Test func shimsGenerationsPassAndFailAsItsListSays() throws {
        let grub = try BootImage(reading: MemorySource(try folder.bytes("grub")))
        let dump = try folder.shell("objcopy -O binary --only-section=.sbat grub sbat; tr -d '\\000' < sbat")
        let expected = dump.split(separator: "\n").map { $0.split(separator: ",").prefix(2).joined(separator: ",") }
        #expect(grub.sbat?.map { $0.component + "," + String($0.generation) } == expected)
        let level = try SBATLevel(parsing: Array("sbat,1,2025021800\nshim,4\ngrub,5\n".utf8))
        #expect(level.verdict(for: grub.sbat) == .accepted)
        let next = try SBATLevel(parsing: Array("sbat,1,2099010100\ngrub,6\n".utf8))
        #expect(next.verdict(for: grub.sbat) == .revoked(component: "grub", generation: 5, required: 6))
    }
}
