import Attestation
import OwnChip
import SNPABI
import TestSupport
import Testing

/// The file alone: what is one, and what is not.
@Suite struct PolicyFileTests {
    static let measurement = String(repeating: "ab", count: 48)
    static let tcb = #"{"milan":{"reported":{"boot_loader":4,"tee":0,"snp":24,"microcode":219}}}"#

    /// A policy of that measurement and TCB, with `more` as further members.
    static func text(_ more: String = "") -> String {
        #"{"version":1,"measurements":["\#(measurement)"],"minimum_tcb":\#(tcb)"# + (more.isEmpty ? "" : ",") + more
            + "}"
    }

    private func error(_ text: String) -> String? {
        do throws(DocumentError) {
            _ = try AttestationPolicy(parsing: Array(text.utf8))
            return nil
        } catch { return error.description }
    }

    private func more(_ text: String) -> String? {
        error(Self.text(text))?.replacing("attestation policy: ", with: "")
    }

    @Test func theShortestPoliciesAreThese() throws {
        let policy = try AttestationPolicy(parsing: Array(Self.text().utf8))
        #expect(policy.report != nil && policy.revocation == .optional && policy.roots == .amd)
        #expect(policy.ekRoots.isEmpty && policy.notBefore == nil)
        let key = Self.text().replacing("measurements", with: "id_keys")
        #expect(error(key) == nil && error(key.replacing("id_keys", with: "author_keys")) == nil)
    }

    @Test func everyMemberHasItsForm() throws {
        let digits = { String(repeating: "0a", count: $0) }
        #expect(
            more(
                """
                "id_keys":["\(digits(48))"],"author_keys":["\(digits(48))"],"family_ids":["\(digits(16))"],
                "image_ids":["\(digits(16))"],"minimum_guest_svn":4294967295,"vmpl":3,
                "guest_policy":{"debug":"allowed","smt":"refused","mem-aes-256-xts":"required"},
                "platform_info":{"alias-check-complete":"required","tio":"refused"},
                "host_data":["\(digits(32))"],"chips":["\(digits(64))","\(digits(8))"],"signers":["vlek"],
                "csp_ids":["CN=a"],"revocation_list":"fresh","not_before":"2026-11-24T00:00:00Z"
                """) == nil)
    }

    @Test(arguments: [
        (#""measurment":[]"#, "'measurment': unknown"),
        (#""id_keys":[]"#, "'id_keys': not a list of at least one"),
        (#""id_keys":"x""#, "'id_keys': not of type array"),
        (#""id_keys":[7]"#, "'id_keys': not of type array of strings"),
        (#""id_keys":["ab"]"#, "'id_keys': not 96 hexadecimal digits"),
        (
            #""id_keys":["000000000000000000000000000000000000000000000000"#
                + #"000000000000000000000000000000000000000000000000"]"#, "'id_keys': not the digest of a key"
        ),
        (#""chips":["0a0b"]"#, "'chips': not 128 or 16 hexadecimal digits"),
        (#""minimum_guest_svn":-1"#, "'minimum_guest_svn': not between 0 and 4294967295"),
        (#""minimum_guest_svn":4294967296"#, "'minimum_guest_svn': not between 0 and 4294967295"),
        (#""vmpl":4"#, "'vmpl': not between 0 and 3"),
        (#""vmpl":"0""#, "'vmpl': not of type integer"),
        (#""guest_policy":{"reserved":"allowed"}"#, "'guest_policy.reserved': unknown"),
        (#""guest_policy":{"debug":true}"#, "'guest_policy.debug': not one of refused, allowed, required"),
        (#""platform_info":{"x\u001b[2J":"allowed"}"#, #"'platform_info.x\x1b[2J': unknown"#),
        (#""signers":["vcek","arc"]"#, "'signers': not one of vcek, vlek"),
        (#""revocation_list":"no""#, "'revocation_list': not one of fresh, any, optional"),
        (#""roots":["x"]"#, "'roots': not certificates in PEM"),
        (#""roots":[]"#, "'roots': not a list of at least one"),
        (#""ek_roots":[""]"#, "'ek_roots': not certificates in PEM"),
        (#""not_before":"2026-02-29""#, "'not_before': not a time such as 2026-11-24T00:00:00Z"),
    ])
    func aMemberOfAnotherFormIsRefused(_ text: String, _ reason: String) { #expect(more(text) == reason) }

    @Test(arguments: [
        ("{}", "'minimum_tcb': not an object of at least one"),
        (#"{"rome":{}}"#, "'minimum_tcb.rome': unknown"),
        (#"{"milan":{}}"#, "'minimum_tcb.milan.reported': missing"),
        (
            #"{"milan":{"reported":{"boot_loader":1,"tee":0,"snp":1}}}"#,
            "'minimum_tcb.milan.reported.microcode': missing"
        ),
        (
            #"{"milan":{"reported":{"fmc":1,"boot_loader":1,"tee":0,"snp":1,"microcode":1}}}"#,
            "'minimum_tcb.milan.reported.fmc': unknown"
        ),
        (
            #"{"turin":{"reported":{"boot_loader":1,"tee":0,"snp":1,"microcode":1}}}"#,
            "'minimum_tcb.turin.reported.fmc': missing"
        ),
        (
            #"{"milan":{"reported":{"boot_loader":256,"tee":0,"snp":1,"microcode":1}}}"#,
            "'minimum_tcb.milan.reported.boot_loader': not between 0 and 255"
        ),
        (
            #"{"milan":{"reported":{"boot_loader":1,"tee":0,"snp":1,"microcode":1},"current":{}}}"#,
            "'minimum_tcb.milan.current': unknown"
        ),
    ])
    func aTCBOfAnotherFormIsRefused(_ tcb: String, _ reason: String) {
        #expect(error(Self.text().replacing(Self.tcb, with: tcb)) == "attestation policy: " + reason)
    }

    @Test(arguments: [
        ("", "JSON at byte 0: unexpected end of data"), ("[]", "not of type object"), ("{}", "'version': missing"),
        (#"{"version":2}"#, "'version': version 2 is not known"), (#"{"version":1}"#, "'measurements': missing"),
        (#"{"version":1,"vmpl":0}"#, "'minimum_tcb': missing"),
        (#"{"version":1,"minimum_tcb":"# + tcb + "}", "'measurements': missing"),
        (#"{"version":1,"measurements":["# + String(repeating: "0,", count: 9000) + "0]}", "JSON: too many values"),
        (String(repeating: "[", count: 100), "JSON: nested too deeply"),
        (String(repeating: " ", count: 1 << 18) + "{}", "not at most 262144 bytes long"),
    ])
    func aTextThatNamesNoGuestIsRefused(_ text: String, _ reason: String) {
        #expect(error(text) == "attestation policy: " + reason)
    }

    @Test func everyCutIsRefused() throws {
        let text = Array(Self.text(#""vmpl":0"#).utf8)
        for length in 0..<text.count {
            #expect(throws: DocumentError.self) { try AttestationPolicy(parsing: Array(text.prefix(length))) }
        }
    }

    @Test func rootsComeFromPEMTexts() throws {
        let chip = try OwnChip.shared.get()
        let pem = try chip.folder.shell("sed 's/$/\\\\n/' ark.pem | tr -d '\\n'")
        let policy = try AttestationPolicy(
            parsing: Array(Self.text(#""roots":["\#(pem)"],"ek_roots":["\#(pem)"]"#).utf8))
        #expect(policy.ekRoots == [try chip.bytes("ark")])
        let verifier = policy.verifier(clock: chip.time)
        let report = try chip.report()
        #expect(try verifier.verify(report, with: chip.certificates()).root == .caller)
        // Authorities for endorsement keys are none for reports.
        let other = try AttestationPolicy(parsing: Array(Self.text(#""ek_roots":["\#(pem)"]"#).utf8))
        let found = failure { try other.verifier(clock: chip.time).verify(report, with: chip.certificates()) }
        #expect(found?.reason == "untrusted-root")
        let alone = try AttestationPolicy(parsing: Array(#"{"version":1,"ek_roots":["\#(pem)"]}"#.utf8))
        #expect(alone.report == nil && alone.ekRoots.count == 1)
    }

    @Test func aClockThatWasSetBackIsNotBelieved() throws {
        let policy = try AttestationPolicy(parsing: Array(Self.text(#""not_before":"2025-06-01""#).utf8))
        #expect(policy.time(clock: 0) == 1_748_736_000 && policy.time(clock: 1_800_000_000) == 1_800_000_000)
        #expect(policy.verifier(clock: 0).time == 1_748_736_000)
    }
}
