import Foundation
import JSON
import TestSupport
import Testing

/// A volume that is sealed to a TPM by its public key alone, and what its first boots do with it.
@Suite(.enabled(if: DebianImages.isPresent)) struct SealToProcessTests {
    private func object(_ installed: InstalledMachine) throws -> JSONValue {
        try #require(try JSONValue(parsing: installed.token())["tpm2"]?["object"])
    }

    @Test(arguments: [
        ("srk.pub", "ecc"), ("srk.pem", "ecc"), ("srk.pub", "rsa2048"), ("srk.pem", "rsa2048"),
        ("ek.pub", "ecc"), ("ek.pub", "rsa"),
    ])
    func theFirstBootImportsItAndResealExchangesIt(_ file: String, _ algorithm: String) throws {
        let installed = try InstalledMachine()
        if file == "ek.pub" {
            try installed.publishEndorsementKey(algorithm)
        } else {
            try installed.publishKey(algorithm)
        }
        let sealed = try installed.seal(to: file)
        try #require(sealed.status == 0, "\(sealed.errorText)")
        #expect(try object(installed)["duplicate"] != nil)

        let unlock = try installed.machine.unlock()
        #expect(unlock.status == 0, "\(unlock.errorText)")
        let status = try installed.status()
        #expect(status.result.status == 0, "\(status.result.text)")
        #expect(status.report["warnings"]?.array?.contains { $0.string?.contains("sealed elsewhere") == true } == true)

        let volume = installed.machine.volume
        let old = try VolumeFile(copying: volume)
        let resealed = try installed.reseal("--key-file", volume.keyFile, "--authority", "local")
        #expect(resealed.status == 0, "\(resealed.errorText)")
        #expect(try object(installed)["private"] != nil)
        #expect(try installed.machine.unlock().status == 0)
        #expect(try installed.status().report["counter"]?["value"]?.integer != nil)
        let dump = try volume.cryptsetup("luksDump", ["--dump-json-metadata", volume.path])
        #expect(try JSONValue(parsing: dump)["keyslots"]?.members?.count == 2, "the old keyslot is gone")
        // The control: the copy that the host kept from before still opens by the import; its data is the owner's.
        #expect(try installed.machine.unlock("--device", old.path).status == 0)
    }

    @Test func anotherTPMDoesNotImportIt() throws {
        let installed = try InstalledMachine()
        let other = try InstalledMachine()
        try other.publishKey("ecc")
        try installed.tpm.write(other.tpm.read("srk.pub"), to: "srk.pub")
        #expect(try installed.seal(to: "srk.pub").status == 0)
        let refused = try installed.machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("another TPM"), "\(refused.errorText)")
    }

    @Test func aBootThatWasNotPredictedGetsNothing() throws {
        let installed = try InstalledMachine()
        try installed.publishKey("ecc")
        #expect(try installed.seal(to: "srk.pub").status == 0)
        try installed.changeConfiguration("# changed")
        try installed.boot()
        let refused = try installed.machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("PCR 9"), "\(refused.errorText)")
    }

    /// The image's init.conf can name the owner's key before there is a volume.
    @Test func theOwnerApprovesItBeforehand() throws {
        let installed = try InstalledMachine()
        try installed.publishKey("ecc")
        let made = try Command.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"]
                + [installed.tpm.path("owner.pem")])
        try #require(made.status == 0)
        let sealed = try installed.seal(to: "srk.pub", ["--authority", installed.tpm.path("owner.pem"), "--json"])
        try #require(sealed.status == 0, "\(sealed.errorText)")
        let name = try #require(try JSONValue(parsing: sealed.output)["authority_name"]?.string)
        let shown = try installed.machine.sealroot(["policy", "name", installed.tpm.path("owner.pem")])
        #expect(shown.text.contains(name))
        try installed.machine.configure("boot-check = off\nauthority-name = \(name)\n")
        #expect(try installed.machine.unlock().status == 0)
        // The exchange keeps the owner's authority, and with it the pin and the approvals.
        let key = installed.machine.volume.keyFile
        let pair = ["openssl", "pkey", "-in", installed.tpm.path("owner.pem"), "-pubout", "-out"]
        try #require(try Command.run(pair + [installed.tpm.path("owner.pub")]).status == 0)
        let resealed = try installed.reseal("--key-file", key, "--authority", installed.tpm.path("owner.pub"))
        #expect(resealed.status == 0, "\(resealed.errorText)")
        #expect(try object(installed)["private"] != nil)
        #expect(try installed.machine.unlock().status == 0)
    }

    @Test func whatIsNoTargetIsRefused() throws {
        let installed = try InstalledMachine()
        try installed.publishKey("ecc")
        let before = try installed.digestOfVolume()
        for (bytes, status) in [([], 65), (Array("none".utf8), 65), (try installed.tpm.read("srk.pub") + [0], 65)] {
            try installed.tpm.write(bytes, to: "target")
            #expect(try installed.seal(to: "target").status == status)
        }
        #expect(try installed.seal(to: "absent").status == 66)
        #expect(try installed.seal(to: "srk.pub", ["--counter", "auto"]).status == 64)
        #expect(try installed.seal(to: "srk.pub", ["--pcrs", "0,12"]).status == 77)
        try installed.tpm.write(Array("{}".utf8), to: "empty")
        #expect(try installed.seal(to: "srk.pub", ["--prediction", installed.tpm.path("empty")]).status == 65)
        #expect(try installed.digestOfVolume() == before)
    }
}
