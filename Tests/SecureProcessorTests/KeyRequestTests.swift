import SNPABI
import SecureProcessor
import Testing

/// What a derived key depends on, and what a guest may ask for.
@Suite struct KeyRequestTests {
    /// MSG_KEY_REQ spelled out; `version` 2 has the mitigations, too.
    private struct Request {
        var root: UInt32 = 0
        var fields: UInt64 = 0
        var vmpl: UInt32 = 0
        var svn: UInt32 = 0
        var tcb: UInt64 = 0
        var mitigations: UInt64?

        var bytes: [UInt8] {
            func little(_ value: UInt64, _ count: Int) -> [UInt8] {
                (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
            }
            return little(UInt64(root), 4) + little(0, 4) + little(fields, 8) + little(UInt64(vmpl), 4)
                + little(UInt64(svn), 4) + little(tcb, 8) + (mitigations.map { little($0, 8) } ?? [])
        }
    }

    private func ask(_ guest: GuestFixture, level: Int = 0, _ request: Request) throws -> (UInt32, [UInt8]) {
        let version: UInt8 = request.mitigations == nil ? 1 : 2
        let answer = try guest.exchange(3, version: version, request.bytes, level: level)
        #expect(answer.count == 0x40 && answer[4..<0x20].allSatisfy { $0 == 0 })
        let status = GuestFixture.number(answer, 0)
        #expect(answer[0x20...].allSatisfy { $0 == 0 } == (status != 0))
        return (status, Array(answer[0x20...]))
    }

    private func key(_ guest: GuestFixture, level: Int = 0, _ request: Request) throws -> [UInt8] {
        let (status, key) = try ask(guest, level: level, request)
        try #require(status == 0)
        return key
    }

    /// A guest with an ID block of SVN 7, so that smaller ones can be asked for.
    private func identified(
        _ processor: SecureProcessor, asid: UInt32 = 1, policy: GuestPolicy = GuestFixture.policy, page: UInt8 = 0,
        _ change: (inout SignedIdentity) -> Void = { _ in }
    ) throws -> GuestFixture {
        let guest = try GuestFixture.launching(processor, policy: policy, asid: asid, page: page)
        var identity = SignedIdentity(digest: try processor.launchDigest(of: guest.guest), policy: policy)
        identity.svn = 7
        change(&identity)
        try processor.launchFinish(guest.guest, try identity.finish())
        return guest
    }

    private static let fields: [(name: String, bit: UInt64)] = [
        ("POLICY", 1), ("IMAGE_ID", 2), ("FAMILY_ID", 4), ("MEASUREMENT", 8), ("GUEST_SVN", 16), ("TCB_VERSION", 32),
        ("LAUNCH_MIT_VECTOR", 64),
    ]

    @Test func theSameQuestionHasTheSameAnswer() throws {
        let processor = try GuestFixture.processor()
        let (first, second) = (try identified(processor), try identified(processor, asid: 2))
        for fields: UInt64 in 0..<0x40 {
            let request = Request(fields: fields)
            #expect(try key(first, request) == key(second, request), "\(fields)")
            #expect(try key(first, request) == key(first, level: 0, request))
        }
    }

    /// 2^7 selections, four levels, two roots: no two keys are the same.
    @Test func everySelectionAndEveryLevelIsAnotherKey() throws {
        let guest = try identified(try GuestFixture.processor())
        var seen: Set<[UInt8]> = []
        for fields: UInt64 in 0..<0x80 {
            for vmpl: UInt32 in 0...3 {
                seen.insert(try key(guest, Request(fields: fields, vmpl: vmpl, mitigations: 0)))
                seen.insert(try key(guest, Request(root: 1, fields: fields, vmpl: vmpl, mitigations: 0)))
            }
        }
        #expect(seen.count == 0x80 * 4 * 2)
    }

    /// Changes one value of the guest or of the request: exactly the selections with its field see it.
    @Test func aSelectedFieldChangesTheKeyAndNoOtherDoes() throws {
        let processor = try GuestFixture.processor()
        let base = try identified(processor)
        let other: [String: GuestFixture] = [
            // Another policy and measurement need another ID block, which the same ID key signs.
            "POLICY": try identified(processor, asid: 2, policy: GuestPolicy(rawValue: 0xB0000)),
            "IMAGE_ID": try identified(processor, asid: 3) { $0.imageID = [UInt8](repeating: 2, count: 16) },
            "FAMILY_ID": try identified(processor, asid: 4) { $0.familyID = [UInt8](repeating: 2, count: 16) },
            "MEASUREMENT": try identified(processor, asid: 5, page: 1),
        ]
        for (name, bit) in Self.fields {
            for fields: UInt64 in 0..<0x80 {
                let plain = Request(fields: fields, mitigations: 0)
                var asked = plain
                switch name {
                case "GUEST_SVN": asked.svn = 7
                case "TCB_VERSION": asked.tcb = processor.platform.committedTCB.rawValue
                case "LAUNCH_MIT_VECTOR": asked.mitigations = 1
                default: break
                }
                let isChanged = try key(other[name] ?? base, asked) != key(base, plain)
                #expect(isChanged == (fields & bit != 0), "\(name), selected \(String(fields, radix: 2))")
            }
        }
    }

    @Test func theSignersOfTheGuestChangeItsKeys() throws {
        let processor = try GuestFixture.processor()
        let keys = try [
            key(try identified(processor), Request()),
            key(try identified(processor, asid: 2) { $0.idKeySeed = 3 }, Request()),
            key(try identified(processor, asid: 3) { $0.authorKeySeed = 4 }, Request()),
            key(try identified(processor, asid: 4) { $0.authorKeySeed = 5 }, Request()),
            key(try GuestFixture.running(processor, asid: 5), Request()),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test func theRootIsTheChipsAndOfOneTCB() throws {
        let first = try GuestFixture.processor()
        let before = try key(try GuestFixture.running(first), Request())
        #expect(try key(try GuestFixture.running(try GuestFixture.processor()), Request()) == before)
        #expect(try key(try GuestFixture.running(try GuestFixture.processor(chip: 2)), Request()) != before)
        let lower = try GuestFixture.processor()
        var tcb = lower.platform.committedTCB.components(for: .milan)
        tcb.microcode -= 1
        try lower.configure(
            reportedTCB: TCBVersion(tcb, for: .milan), isChipIDMasked: false, isChipKeyMasked: false)
        #expect(try key(try GuestFixture.running(lower), Request()) != before)
        // Nor is it the VLEK's.
        first.loadVLEK(try EmulatedKeys.vlek())
        let guest = try GuestFixture.running(first, asid: 2)
        let vlek = try key(guest, Request())
        #expect(vlek != before)
        #expect(try key(guest, Request(root: 2 << 1)) == vlek)
        #expect(try key(guest, Request(root: 1 << 1)) == before)
        // All chips of the provider have the same.
        let second = try GuestFixture.processor(chip: 2)
        second.loadVLEK(try EmulatedKeys.vlek())
        #expect(try key(try GuestFixture.running(second), Request()) == vlek)
    }

    @Test func theVMRKIsOfOneLaunch() throws {
        let processor = try GuestFixture.processor()
        let (first, second) = (try GuestFixture.running(processor), try GuestFixture.running(processor, asid: 2))
        #expect(try key(first, Request(root: 1)) == key(first, Request(root: 1)))
        #expect(try key(first, Request(root: 1)) != key(second, Request(root: 1)))
        #expect(try key(first, Request(root: 1)) != key(first, Request()))
    }

    @Test func aRootThatIsNotThereIsAnInvalidKey() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        #expect(try ask(guest, Request(root: 2 << 1)).0 == 0x27)
        let denied = try GuestFixture.running(processor, asid: 2, LaunchFinish(isVCEKDisabled: true))
        #expect(try ask(denied, Request()).0 == 0x27)
        #expect(try ask(denied, Request(root: 1)).0 == 0)
        try processor.configure(reportedTCB: TCBVersion(rawValue: 0), isChipIDMasked: false, isChipKeyMasked: true)
        #expect(try ask(guest, Request()).0 == 0x27)
    }

    @Test func limitsAreComponentWise() throws {
        let processor = try GuestFixture.processor()
        let guest = try identified(processor)
        let committed = processor.platform.committedTCB.rawValue
        #expect(try ask(guest, Request(tcb: committed)).0 == 0)
        for byte: UInt64 in 0..<8 {
            #expect(try ask(guest, Request(tcb: committed + 1 << (8 * byte))).0 == 0x16, "byte \(byte)")
        }
        // One component above, and the number as a whole below.
        let traded = committed - 1 << 56 + 1
        #expect(traded < committed)
        #expect(try ask(guest, Request(tcb: traded)).0 == 0x16)
        #expect(try ask(guest, Request(svn: 7)).0 == 0 && ask(guest, Request(svn: 8)).0 == 0x16)
        #expect(try ask(guest, Request(mitigations: 1)).0 == 0 && ask(guest, Request(mitigations: 2)).0 == 0x16)
        for level: UInt32 in 0...3 {
            for vmpl: UInt32 in [0, 1, 2, 3, 4] {
                let isAllowed = vmpl >= level && vmpl <= 3
                let answer = try ask(guest, level: Int(level), Request(vmpl: vmpl)).0
                #expect(answer == (isAllowed ? 0 : 0x16), "VMPCK\(level), VMPL \(vmpl)")
            }
        }
    }

    @Test func aMalformedRequestIsAnInvalidParameter() throws {
        let guest = try identified(try GuestFixture.processor())
        for (root, fields): (UInt32, UInt64) in [(8, 0), (6, 0), (0, 0x40), (0, 0x80), (0, 1 << 63)] {
            #expect(try ask(guest, Request(root: root, fields: fields)).0 == 0x16, "\(root) \(fields)")
        }
        #expect(try ask(guest, Request(fields: 0x80, mitigations: 0)).0 == 0x16)
        var reserved = Request().bytes
        reserved[4] = 1
        #expect(GuestFixture.number(try guest.exchange(3, reserved), 0) == 0x16)
        // The size belongs to the version.
        #expect(GuestFixture.number(try guest.exchange(3, version: 2, Request().bytes), 0) == 0x16)
        #expect(GuestFixture.number(try guest.exchange(3, Request(mitigations: 0).bytes), 0) == 0x16)
    }

    /// Without an ID block the guest's SVN is 0.
    @Test func aGuestWithoutAnIDBlockHasNoSVN() throws {
        let guest = try GuestFixture.running(try GuestFixture.processor())
        #expect(try ask(guest, Request(svn: 1)).0 == 0x16)
    }
}
