import Attestation
import BoundedBytes
import OwnChip
import SNPABI
import TestSupport
import Testing

/// Each rule, met and not met.
@Suite(.serialized) struct PolicyRuleTests {
    private let chip: OwnChip

    init() throws { chip = try OwnChip.shared.get() }

    /// The rules that a report with `change` does not meet.
    private func unmet(_ more: String = "", _ change: (inout AttestationReport) -> Void = { _ in }) throws -> [String] {
        try findings(PolicyFileTests.text(more), change).filter { !$0.isMet }.map(\.reason)
    }

    private func findings(_ text: String, _ change: (inout AttestationReport) -> Void) throws -> [Finding] {
        let policy = try AttestationPolicy(parsing: Array(text.utf8))
        return try #require(policy.report).validate(try chip.verify(chip.report(change)))
    }

    private let zeros = { String(repeating: "00", count: $0) }
    private let sevens = { String(repeating: "07", count: $0) }

    @Test func theShortestPolicyHasSafeDefaults() throws {
        #expect(try unmet() == [])
        #expect(try unmet { $0.policy = GuestPolicy(rawValue: 0xB0000) } == ["guest_policy.debug: expected 0, found 1"])
        #expect(
            try unmet { $0.policy = GuestPolicy(rawValue: 0x70000) } == [
                "guest_policy.migration-agent: expected 0, found 1"
            ])
        #expect(
            try unmet { $0.migrationReportID = [UInt8](repeating: 7, count: 32) } == [
                "guest_policy.migration-agent: expected no agent, found " + sevens(32)
            ])
        #expect(try unmet { $0.vmpl = 2 } == ["vmpl: expected 0, found 2"])
        #expect(try unmet { $0.vmpl = AttestationReport.hostVMPL } == ["vmpl: expected 0, found the host's"])
        let odd = "guest_policy: expected one that AMD defines, found "
        #expect(try unmet { $0.policy = GuestPolicy(rawValue: 0x10000) } == [odd + "0x10000"])
        #expect(try unmet { $0.policy = GuestPolicy(rawValue: 0x8000_0003_0000) } == [odd + "0x800000030000"])
    }

    @Test func nothingIsLostAtTheFirstFailure() throws {
        let found = try findings(PolicyFileTests.text(#""minimum_guest_svn":1,"signers":["vcek"]"#)) {
            $0.measurement = [UInt8](repeating: 7, count: 48)
            $0.policy = GuestPolicy(rawValue: 0xB0000)
            $0.vmpl = 1
        }
        #expect(
            found.map { ($0.isMet ? "" : "!") + $0.rule } == [
                "!measurements", "!minimum_guest_svn", "!vmpl", "minimum_tcb.reported", "guest_policy",
                "guest_policy.migration-agent", "!guest_policy.debug", "guest_policy.migration-agent", "signers",
            ])
    }

    @Test func aListAcceptsItsMembersOnly() throws {
        let measurement = PolicyFileTests.measurement
        #expect(
            try unmet { $0.measurement[47] = 0 }.first?.hasPrefix("measurements: expected \(measurement), found abab")
                == true)
        for (rule, count, change) in [
            ("id_keys", 48, { (report: inout AttestationReport, bytes: [UInt8]) in report.idKeyDigest = bytes }),
            ("family_ids", 16, { $0.familyID = $1 }), ("image_ids", 16, { $0.imageID = $1 }),
            ("host_data", 32, { $0.hostData = $1 }),
        ] {
            let one = String(repeating: "01", count: count)
            let rules = "\"\(rule)\":[\"\(one)\",\"\(sevens(count))\"]"
            #expect(try unmet(rules) { change(&$0, [UInt8](repeating: 7, count: count)) } == [])
            #expect(try unmet(rules) == ["\(rule): expected \(one) or one of 1 others, found \(zeros(count))"])
        }
    }

    @Test func anAuthorKeyMustHaveBeenUsed() throws {
        let rules = "\"author_keys\":[\"\(sevens(48))\"]"
        func change(_ flags: UInt32) -> (inout AttestationReport) -> Void {
            {
                $0.authorKeyDigest = [UInt8](repeating: 7, count: 48)
                $0.flags = ReportFlags(rawValue: flags)
            }
        }
        #expect(try unmet(rules, change(1)) == [])
        #expect(try unmet(rules, change(0)) == ["author_keys: expected an author key, found none"])
        #expect(
            try unmet(rules) { $0.flags = ReportFlags(rawValue: 1) } == [
                "author_keys: expected \(sevens(48)), found \(zeros(48))"
            ])
    }

    @Test func numbersHaveALeastValue() throws {
        #expect(try unmet(#""minimum_guest_svn":5"#) { $0.guestSVN = 5 } == [])
        #expect(
            try unmet(#""minimum_guest_svn":5"#) { $0.guestSVN = 4 } == [
                "minimum_guest_svn: expected at least 5, found 4"
            ])
        #expect(try unmet(#""vmpl":2"#) { $0.vmpl = 2 } == [])
        #expect(try unmet(#""vmpl":2"#) == ["vmpl: expected 2, found 0"])
    }

    /// A higher level does not make up for a lower one.
    @Test func aTCBIsComparedComponentByComponent() throws {
        func rules(_ name: String, _ levels: [Int]) -> String {
            let names = ["boot_loader", "tee", "snp", "microcode"]
            let object = zip(names, levels).map { "\"\($0)\":\($1)" }.joined(separator: ",")
            let one = #""reported":{"boot_loader":0,"tee":0,"snp":0,"microcode":0}"#
            let all = name == "reported" ? "\"reported\":{\(object)}" : one + ",\"\(name)\":{\(object)}"
            return PolicyFileTests.text().replacing(PolicyFileTests.tcb, with: "{\"milan\":{\(all)}}")
        }
        func unmet(_ text: String) throws -> [String] { try findings(text) { _ in }.filter { !$0.isMet }.map(\.reason) }
        for name in ["reported", "committed", "launch"] {
            #expect(try unmet(rules(name, [4, 0, 24, 219])) == [])
            #expect(try unmet(rules(name, [0, 0, 0, 0])) == [])
            for levels in [[5, 0, 24, 219], [4, 1, 24, 219], [4, 0, 25, 0], [0, 0, 0, 220]] {
                let expected = zip(["boot_loader", "tee", "snp", "microcode"], levels).map { "\($0) \($1)" }
                #expect(
                    try unmet(rules(name, levels)) == [
                        "minimum_tcb.\(name): expected at least \(expected.joined(separator: ", ")), "
                            + "found boot_loader 4, tee 0, snp 24, microcode 219"
                    ])
            }
        }
        let genoa = PolicyFileTests.text().replacing("milan", with: "genoa")
        #expect(try unmet(genoa) == ["minimum_tcb: expected Genoa, found Milan"])
    }

    @Test(arguments: GuestPolicy.Flag.allCases.filter { $0 != .reserved })
    func aBitOfTheGuestPolicyIsRefusedOrRequired(_ flag: GuestPolicy.Flag) throws {
        func unmet(_ demand: String, isSet: Bool) throws -> [String] {
            try self.unmet(#""guest_policy":{"\#(flag.rawValue)":"\#(demand)"}"#) {
                $0.policy = GuestPolicy(rawValue: 0x20000 | (isSet ? flag.mask : 0))
            }
        }
        let name = "guest_policy." + flag.rawValue
        #expect(try unmet("refused", isSet: true) == [name + ": expected 0, found 1"])
        #expect(try unmet("refused", isSet: false) == [])
        #expect(try unmet("required", isSet: false) == [name + ": expected 1, found 0"])
        for isSet in [true, false] { #expect(try unmet("allowed", isSet: isSet) == []) }
        #expect(try unmet("required", isSet: true) == [])
    }

    @Test(arguments: PlatformInfo.Flag.allCases)
    func aBitOfThePlatformIsRefusedOrRequired(_ flag: PlatformInfo.Flag) throws {
        func unmet(_ demand: String, isSet: Bool) throws -> [String] {
            try self.unmet(#""platform_info":{"\#(flag.rawValue)":"\#(demand)"}"#) {
                // Bit 6 has no meaning, and real machines set it.
                $0.platformInfo = PlatformInfo(rawValue: 0x40 | (isSet ? flag.mask : 0))
            }
        }
        let name = "platform_info." + flag.rawValue
        #expect(try unmet("refused", isSet: true) == [name + ": expected 0, found 1"])
        #expect(try unmet("refused", isSet: false) == [])
        #expect(try unmet("required", isSet: false) == [name + ": expected 1, found 0"])
        for isSet in [true, false] { #expect(try unmet("allowed", isSet: isSet) == []) }
        #expect(try unmet("required", isSet: true) == [])
    }

    /// The certificate names the chip also where the report masks it.
    @Test func aChipIsKnownByItsCertificate() throws {
        let own = "\"chips\":[\"\(sevens(64))\",\"\(Hexadecimal.encode(OwnChip.identifier))\"]"
        #expect(try unmet(own) == [])
        #expect(try unmet(own) { $0.chipID = [UInt8](repeating: 0, count: 64) } == [])
        #expect(try unmet("\"chips\":[\"\(sevens(64))\"]").first?.hasPrefix("chips: expected 0707") == true)
        #expect(
            try unmet("\"chips\":[\"\(sevens(8))\"]").first?.hasPrefix("chips: expected 0707070707070707000000") == true
        )
        #expect(try unmet(#""signers":["vlek"]"#) == ["signers: expected vlek, found vcek"])
        #expect(try unmet(#""signers":["vlek","vcek"]"#) == [])
    }

    @Test(.enabled(if: SharedData.isPresent)) func aVLEKIsKnownByItsProvider() throws {
        let verified = try RealReport.vlek.verify()
        func unmet(_ more: String) throws -> [String] {
            let text = PolicyFileTests.text(#""vmpl":1,"# + more)
                .replacing(PolicyFileTests.measurement, with: Hexadecimal.encode(verified.report.measurement))
                .replacing("219", with: "217")
            let policy = try AttestationPolicy(parsing: Array(text.utf8))
            return try #require(policy.report).validate(verified).filter { !$0.isMet }.map(\.reason)
        }
        #expect(try unmet(#""signers":["vlek"],"csp_ids":["CN=cc-us-east-2.amazonaws.com"]"#) == [])
        #expect(try unmet(#""csp_ids":["CN=x"]"#) == ["csp_ids: expected CN=x, found CN=cc-us-east-2.amazonaws.com"])
        #expect(try unmet(#""signers":["vcek"]"#) == ["signers: expected vcek, found vlek"])
        #expect(
            try unmet("\"chips\":[\"\(sevens(64))\"]") == [
                "chips: expected a chip that is named, found a VLEK, which names none"
            ])
    }
}
