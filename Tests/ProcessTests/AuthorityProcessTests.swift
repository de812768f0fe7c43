import Foundation
import JSON
import TestSupport
import Testing

/// Approvals by a key that never was on the machine; openssl holds it and signs.
@Suite(.enabled(if: DebianImages.isPresent)) struct AuthorityProcessTests {
    private func owner(_ installed: InstalledMachine, _ name: String = "owner") throws {
        try shell(
            installed,
            "openssl ecparam -name prime256v1 -genkey -noout -out \(name).pem && "
                + "openssl pkey -in \(name).pem -pubout -out \(name).pub")
    }

    private func shell(_ installed: InstalledMachine, _ script: String) throws {
        let result = try Command.run(["sh", "-ec", script], folder: installed.tpm.folder)
        try #require(result.status == 0, "\(result.errorText)")
    }

    /// Asks, signs, and brings the signature back.
    private func approve(
        _ installed: InstalledMachine, by name: String = "owner", _ arguments: [String] = []
    ) throws -> CommandResult {
        let (request, message) = (installed.tpm.path("request"), installed.tpm.path("message"))
        let asked = try installed.policyDigest(["--request", request, "--message", message] + arguments)
        try #require(asked.status == 0, "\(asked.errorText)")
        try shell(installed, "openssl dgst -sha256 -sign \(name).pem -out signature message")
        return try installed.policyAdd("--request", request, "--signature", installed.tpm.path("signature"))
    }

    @Test func theOwnerApprovesTheFirstBootAndAnUpdate() throws {
        let installed = try InstalledMachine()
        try owner(installed)
        let enrolled = try installed.machine.enroll("--authority", installed.tpm.path("owner.pub"))
        #expect(enrolled.status == 0 && enrolled.text.contains("no boot is approved yet"), "\(enrolled.errorText)")
        #expect(!FileManager.default.fileExists(atPath: installed.tpm.path("keys")))
        #expect(try installed.machine.unlock().status == 77)
        let status = try installed.status()
        #expect(status.result.status == 77)

        #expect(try approve(installed).status == 0)
        #expect(try installed.machine.unlock().status == 0)
        #expect(try installed.status().result.status == 0)

        try installed.changeConfiguration("# changed")
        #expect(try installed.reseal().status == 66, "the key is not here")
        #expect(try approve(installed).status == 0)
        #expect(try installed.status().result.status == 0)
        try installed.boot()
        #expect(try installed.machine.unlock().status == 0)
    }

    @Test func anotherKeysSignatureIsRefused() throws {
        let installed = try InstalledMachine()
        try owner(installed)
        try owner(installed, "stranger")
        try installed.machine.enroll("--authority", installed.tpm.path("owner.pub"))
        let before = try installed.digestOfVolume()
        let added = try approve(installed, by: "stranger")
        #expect(added.status == 77 && added.errorText.contains("signature is not the authority's"))
        #expect(try installed.digestOfVolume() == before)
    }

    @Test func aRequestThatWasChangedOnTheWayIsRefused() throws {
        let installed = try InstalledMachine()
        try owner(installed)
        try installed.machine.enroll("--authority", installed.tpm.path("owner.pub"))
        let request = installed.tpm.path("request")
        try #require(
            try installed.policyDigest(["--request", request, "--message", installed.tpm.path("message")]).status == 0)
        try shell(
            installed,
            "openssl dgst -sha256 -sign owner.pem -out signature message && sed -i 's/\"label\"/\"lable\"/' request")
        let changed = try installed.policyAdd("--request", request, "--signature", installed.tpm.path("signature"))
        #expect(changed.status == 65)
        try shell(
            installed,
            "sed -i 's/\"lable\"/\"label\"/' request; sed -i 's/\"9\":\"00/\"9\":\"01/; t; s/\"9\":\"../\"9\":\"00/' request"
        )
        let other = try installed.policyAdd("--request", request, "--signature", installed.tpm.path("signature"))
        #expect(other.status == 77, "\(other.errorText)")
        try installed.tpm.write(Array("{}".utf8), to: "request")
        #expect(
            try installed.policyAdd("--request", request, "--signature", installed.tpm.path("signature")).status == 65)
    }

    /// The counter of a foreign authority takes its steps by the owner's leave, and old approvals die with a step.
    @Test func theOwnerStepsTheCounter() throws {
        let installed = try InstalledMachine()
        try owner(installed)
        try installed.machine.enroll(
            "--authority", installed.tpm.path("owner.pub"), "--counter", "0x1805eb0")
        #expect(try approve(installed, ["--step"]).status == 0, "the first step makes it readable")
        #expect(try approve(installed).status == 0)
        #expect(try installed.machine.unlock().status == 0)
        let old = try installed.token()
        let value = try #require(try installed.status().report["counter"]?["value"]?.integer)
        #expect(try approve(installed, ["--count", "\(value + 1)"]).status == 0)
        #expect(try approve(installed, ["--step"]).status == 0)
        #expect(try installed.machine.unlock().status == 0)
        try installed.restore(old)
        let revoked = try installed.machine.unlock()
        #expect(revoked.status == 77 && revoked.errorText.contains("revoked"), "\(revoked.errorText)")
    }

    /// An exchange that finds no room leaves all as it was, the counter above all.
    @Test func anExchangeThatFailsTakesNothingAway() throws {
        let installed = try InstalledMachine()
        try owner(installed)
        try installed.machine.enroll("--authority", installed.tpm.path("owner.pub"), "--counter", "0x1805eb0")
        #expect(try approve(installed, ["--step"]).status == 0)
        #expect(try approve(installed).status == 0)
        let volume = installed.machine.volume
        // LUKS2 has 32 keyslots.
        for _ in 0..<30 { try volume.addKeyslot() }
        let rotation = ["--rotate", "--key-file", volume.keyFile, "--authority", installed.tpm.path("owner.pub")]
        #expect(try installed.reseal(rotation).status != 0)
        #expect(try installed.machine.unlock().status == 0)
        try volume.cryptsetup("luksKillSlot", ["--key-file", volume.keyFile, volume.path, "31"])
        let resealed = try installed.reseal(rotation)
        #expect(resealed.status == 0, "\(resealed.errorText)")
        #expect(try installed.machine.unlock().status == 0)
    }

    @Test func aPinnedAuthorityIsTheOnlyOneThatCounts() throws {
        let installed = try InstalledMachine()
        let result = try installed.machine.enroll("--json")
        let name = try #require(try JSONValue(parsing: result.output)["authority_name"]?.string)
        try installed.machine.configure("boot-check = off\nauthority-name = \(name)\n")
        #expect(try installed.machine.unlock().status == 0)
        #expect(try installed.status().report["warnings"]?.array?.isEmpty == true)
        let other = String(name.dropLast()) + (name.hasSuffix("0") ? "1" : "0")
        try installed.machine.configure("boot-check = off\nauthority-name = \(other)\n")
        let refused = try installed.machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("another authority"))
        #expect(try installed.status().result.status == 77)
    }
}
