import BoundedBytes
import Cryptography
import JSON
import SNPABI
import SecureProcessor
import TestSupport
import Testing

/// What is measured at launch, the secrets page, and the ID block.
@Suite struct LaunchTests {
    /// The chain of shared/data/generated, which hashlib has made.
    @Test(.enabled(if: SharedData.isPresent)) func theDigestIsTheChainOfThePages() throws {
        let json = try JSONValue(parsing: try SharedData.bytes("generated/launch_digest_steps.json"))
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture(processor).guest
        try processor.launchStart(guest, LaunchStart(policy: GuestFixture.policy))
        try processor.activate(guest, asid: 1)
        let contents: [String: [UInt8]] = [
            "NORMAL page of 0x00..0xff repeated": (0..<4096).map { UInt8($0 & 0xFF) },
            "NORMAL zero page vmpl1=0xf vmpl2=0x1 vmpl3=0x3": [UInt8](repeating: 0, count: 4096),
            "VMSA page (4096 x 0x5a)": [UInt8](repeating: 0x5A, count: 4096),
        ]
        for step in try #require(json.array) {
            let number = try #require(step["page_type"]?.integer)
            let type = try #require(LaunchPageType(rawValue: UInt8(number)))
            let address = try #require(step["gpa"]?.string)
            let place = try #require(UInt64(address.dropFirst(2), radix: 16))
            let name = try #require(step["page"]?.string)
            var pages =
                if let bytes = contents[name] { try LaunchPages(type, at: place, bytes) } else {
                    try LaunchPages(type, at: place, pageCount: 1)
                }
            pages.permissions = LaunchPermissions(
                vmpl1: UInt8(step["vmpl1"]?.integer ?? 0), vmpl2: UInt8(step["vmpl2"]?.integer ?? 0),
                vmpl3: UInt8(step["vmpl3"]?.integer ?? 0))
            let memory = try processor.launchUpdate(guest, pages)
            #expect(Hexadecimal.encode(try processor.launchDigest(of: guest)) == step["launch_digest_after"]?.string)
            if type != .secrets { #expect(memory == contents[name] ?? [UInt8](repeating: 0, count: 4096)) }
        }
    }

    @Test func theSecretsPageHasFourFreshKeys() throws {
        let processor = try GuestFixture.processor(.genoa)
        let guest = try GuestFixture.launching(processor)
        let page = try processor.secretsPage(guest.guest)
        #expect(page.count == 4096)
        #expect(Array(page[0..<8]) == [3, 0, 0, 0, 0, 0, 0, 0])
        // Family 0x19, model 0x11, stepping 1, as CPUID has them.
        #expect(Array(page[8..<16]) == [0x11, 0x0F, 0xA1, 0, 0, 0, 0, 0])
        #expect(page[0xA0...].allSatisfy { $0 == 0 })
        let other = try GuestFixture.launching(processor, asid: 2)
        #expect(Set(guest.keys + other.keys).count == 8)
        let none = try GuestFixture(processor)
        #expect(status { _ = try processor.secretsPage(none.guest) } == .invalidGuestState)
    }

    @Test func aCPUIDPageMustBeAsTheFirmwareWouldHaveIt() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.launching(processor).guest
        func load(_ entries: [CPUIDPage.Entry]) throws -> FirmwareStatus {
            let bytes = try CPUIDPage(entries).encoded()
            let pages = try LaunchPages(.cpuid, at: 0x80E000, bytes)
            return status {
                let memory = try processor.launchUpdate(guest, pages)
                #expect(memory == bytes)
            }
        }
        let one = CPUIDPage.Entry(function: 1, eax: 0xA00F11, ebx: 0, ecx: 0, edx: 0)
        var state = CPUIDPage.Entry(function: 0xD, eax: 7, ebx: 0, ecx: 0, edx: 0)
        state.xcr0 = 7
        #expect(try load([one, state]) == .success)
        #expect(try load([one, state, one]) == .invalidParameter)
        var wrong = one
        wrong.xss = 1
        #expect(try load([wrong]) == .invalidParameter)
        var many = [UInt8](repeating: 0, count: 4096)
        many[0] = 65
        let pages = try LaunchPages(.cpuid, at: 0x80E000, many)
        #expect(status { try processor.launchUpdate(guest, pages) } == .invalidParameter)
    }

    private func finish(
        _ change: (inout SignedIdentity) -> Void, hasAuthorKey: Bool? = nil
    ) throws -> (FirmwareStatus, GuestFixture) {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.launching(processor)
        var identity = SignedIdentity(digest: try processor.launchDigest(of: guest.guest))
        change(&identity)
        let finish = try identity.finish(hasAuthorKey: hasAuthorKey)
        let result = status { try processor.launchFinish(guest.guest, finish) }
        #expect(try processor.status(of: guest.guest).state == (result == .success ? 2 : 1))
        return (result, guest)
    }

    /// Every check of the ID block by its own status.
    @Test func anIDBlockIsRefusedForItsOwnReason() throws {
        let table: [(String, FirmwareStatus, Bool?, (inout SignedIdentity) -> Void)] = [
            ("good", .success, nil, { _ in }),
            ("good, with an author", .success, nil, { $0.authorKeySeed = 2 }),
            ("another policy", .policyFailure, nil, { $0.policy = GuestPolicy(rawValue: 0x30001) }),
            ("another digest", .badMeasurement, nil, { $0.digest[47] ^= 1 }),
            ("changed after it was signed", .badSignature, nil, { $0.changeBlock = { $0[0x54] ^= 1 } }),
            ("signed by another key", .badSignature, nil, { $0.changeAuthentication = { $0[0x40] ^= 1 } }),
            ("a point that is none", .badSignature, nil, { $0.changeAuthentication = { $0[0x244] ^= 1 } }),
            ("version 2", .invalidParameter, nil, { $0.changeBlock = { $0[0x50] = 2 } }),
            ("another algorithm", .invalidParameter, nil, { $0.changeAuthentication = { $0[0] = 2 } }),
            ("another curve", .invalidParameter, nil, { $0.changeAuthentication = { $0[0x240] = 1 } }),
            ("a reserved byte", .invalidParameter, nil, { $0.changeAuthentication = { $0[0xFFF] = 1 } }),
            ("cut", .invalidParameter, nil, { $0.changeAuthentication = { $0.removeLast() } }),
            ("block cut", .invalidParameter, nil, { $0.changeBlock = { $0.removeLast() } }),
            ("no author where one is promised", .badSignature, true, { _ in }),
            (
                "the author has signed another key", .badSignature, nil,
                { identity in
                    identity.authorKeySeed = 2
                    identity.changeAuthentication = { $0[0x680] ^= 1 }
                }
            ),
            (
                "an author's algorithm", .invalidParameter, nil,
                { identity in
                    identity.authorKeySeed = 2
                    identity.changeAuthentication = { $0[4] = 2 }
                }
            ),
        ]
        for (name, expected, hasAuthorKey, change) in table {
            #expect(try finish(change, hasAuthorKey: hasAuthorKey).0 == expected, "\(name)")
        }
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.launching(processor)
        let alone = LaunchFinish(hasAuthorKey: true)
        #expect(status { try processor.launchFinish(guest.guest, alone) } == .invalidParameter)
    }

    @Test func theIDBlockIsInTheReport() throws {
        let (result, guest) = try finish {
            $0.svn = 0x01020304
            $0.authorKeySeed = 2
        }
        #expect(result == .success)
        let bytes = try guest.report().bytes
        #expect(Array(bytes[4..<8]) == [4, 3, 2, 1])
        #expect(Array(bytes[0x10..<0x20]) == [UInt8](repeating: 0xF1, count: 16))
        #expect(Array(bytes[0x20..<0x30]) == [UInt8](repeating: 0x1D, count: 16))
        #expect(Array(bytes[0xE0..<0x110]) == (try DigestAlgorithm.sha384.hash(try SignedIdentity.publicKey(1))))
        #expect(Array(bytes[0x110..<0x140]) == (try DigestAlgorithm.sha384.hash(try SignedIdentity.publicKey(2))))
        #expect(bytes[0x48] & 1 == 1)
        // An author who is there, but was not asked for, is nobody.
        let (_, without) = try finish({ $0.authorKeySeed = 2 }, hasAuthorKey: false)
        let plain = try without.report().bytes
        #expect(plain[0x110..<0x140].allSatisfy { $0 == 0 } && plain[0x48] & 1 == 0)
    }

    /// The ID blocks of other tools, for a guest whose digest is not theirs: they come as far as that.
    @Test(.enabled(if: SharedData.isPresent)) func blocksOfOtherToolsAreRead() throws {
        let text = String(decoding: try SharedData.bytes("snp/idblock/lit_id_block.b64"), as: UTF8.self)
        let more = String(decoding: try SharedData.bytes("snp/idblock/lit_id_auth.b64"), as: UTF8.self)
        let strip: (String) -> String = { $0.filter { !$0.isWhitespace } }
        let block = try #require(Base64.decode(strip(text)))
        let authentication = try #require(Base64.decode(strip(more)))
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.launching(processor)
        let whole = LaunchFinish(identity: (block, authentication), hasAuthorKey: true)
        #expect(status { try processor.launchFinish(guest.guest, whole) } == .badMeasurement)
    }
}
