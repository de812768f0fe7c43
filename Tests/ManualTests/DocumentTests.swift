import Foundation
import SNPABI
import SNPEmulator
import TestSupport
import Testing

/// The pages have the keys that the readers of the files take that they are about.
@Suite struct DocumentTests {
    private func literals(in path: String, _ pattern: Regex<(Substring, Substring)>) throws -> Set<String> {
        let source = try Fixtures.text("../../Sources/" + path)
        return Set(source.matches(of: pattern).map { String($0.1) })
    }

    @Test func hasTheKeysOfTheConfiguration() throws {
        let files = ["GuestConfiguration", "AttestationSettings"]
        let keys = try files.reduce(into: Set<String>()) {
            $0.formUnion(
                try literals(in: "Configuration/\($1).swift", /fields\.(?:required|optional)\("([a-z-]+)"/))
        }
        let written = try ManualPage(named: "sealroot.conf.5").tags("KEYS")
        #expect(written == keys)
        #expect(keys.isSuperset(of: ["device", "provider"]))
    }

    @Test func hasTheKeysOfTheAttestationPolicy() throws {
        let page = try ManualPage(named: "sealroot-policy.7")
        let keys = try literals(in: "Attestation/AttestationPolicy+JSON.swift", /"([a-z_]+)"/).union(["version"])
        #expect(page.tags("ATTESTATION POLICY").subtracting(keys) == [])
        let text = page["ATTESTATION POLICY"].filter { !$0.macro.isEmpty }.map(\.text).joined(separator: " ")
        let words = Set(text.matches(of: /[a-z0-9_-]+/).map { String($0.0) })
        #expect(keys.subtracting(words) == [])
        let flags = GuestPolicy.Flag.allCases.filter { $0 != .reserved }.map(\.rawValue)
        #expect(Set(flags + PlatformInfo.Flag.allCases.map(\.rawValue)).subtracting(words) == [])
    }

    @Test(arguments: [
        ("FORM OF PCR POLICIES", ["SealedFormat/PolicyListVersion1", "Enrollment/PolicyRequest"]),
        ("REFERENCE MANIFEST", ["BootPolicy/ReferenceJSON"]),
    ])
    func hasTheKeysOfAPolicy(_ heading: String, _ files: [String]) throws {
        let keys = try files.reduce(into: Set<String>()) {
            $0.formUnion(try literals(in: $1 + ".swift", /JSONMember\("([a-z0-9_]+)"/))
        }
        let page = try ManualPage(named: "sealroot-policy.7")
        let text = page[heading].filter { !$0.macro.isEmpty }.map(\.text).joined(separator: " ")
        let words = Set(text.matches(of: /[a-z0-9_-]+/).map { String($0.0) })
        #expect(keys.subtracting(words) == [])
        #expect(page.tags(heading).subtracting(keys) == [])
    }

    @Test func hasTheAttacksOfTheEmulator() throws {
        let names = Set(MessageAttack.allCases.map(\.rawValue))
        #expect(names.subtracting(try ManualPage(named: "snp-emulator.1")["OPTIONS"].map(\.text)) == [])
    }

    /// Where FILE is missing the exit status is 66, and 78 where the policy is malformed.
    @Test func hasAnExampleOfAPolicyThatIsRead() throws {
        let displays = try ManualPage(named: "sealroot-policy.7").displays("ATTESTATION POLICY")
        let example = try #require(displays.last).text
        #expect(try verify(example) == 66)
        #expect(try verify(example.replacing("boot_loader", with: "bootloader")) == 78)
    }

    private func verify(_ policy: String) throws -> Int32 {
        let scratch = try Scratch()
        try scratch.write(Array(policy.utf8), to: "policy.json")
        return try Command.run(
            [
                Scratch.product("sealroot").path, "attest", "verify", scratch.file("report"), "--policy",
                scratch.file("policy.json"),
            ]
        ).status
    }
}
