import Foundation
import InitramfsRuntime
import TestSupport
import Testing

@testable import SNPEmulator

@Suite struct VTPMStateTests {
    private static let secret = "a sentence that nobody else may read"

    @Test func keepsWhatWasSealedAcrossAPowerCycle() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let tools = try folder.tools(for: tpm)
        try folder.scratch.write(Array(Self.secret.utf8), to: "secret")
        try tools.run("tpm2_nvdefine", "-C", "o", "-s", "64", "0x1500001")
        try tools.run("tpm2_nvwrite", "-C", "o", "-i", "secret", "0x1500001")
        tpm.close()
        let again = try folder.tools(for: try folder.open())
        let size = String(Self.secret.utf8.count)
        #expect(try again.run("tpm2_nvread", "-C", "o", "-s", size, "0x1500001").text == Self.secret)
    }

    /// The control is an swtpm that encrypts nothing: it keeps the very same bytes in the clear.
    @Test func leavesNoPlaintextOnTheDisk() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        try folder.scratch.write(Array(Self.secret.utf8), to: "secret")
        let tools = try folder.tools(for: tpm)
        try tools.run("tpm2_nvdefine", "-C", "o", "-s", "64", "0x1500001")
        try tools.run("tpm2_nvwrite", "-C", "o", "-i", "secret", "0x1500001")
        tpm.close()
        #expect(try !folder.stored().holds(Self.secret))

        let control = try SoftwareTPM()
        try control.write(Array(Self.secret.utf8), to: "secret")
        try control.succeed("tpm2_nvdefine", "-C", "o", "-s", "64", "0x1500001")
        try control.succeed("tpm2_nvwrite", "-C", "o", "-i", "secret", "0x1500001")
        #expect(try control.read("state/" + VTPMState.stateFile).holds(Self.secret))
    }

    @Test func makesTheEndorsementKeysThatTheToolsMakeFromTheTemplates() throws {
        let folder = try VTPMFolder()
        let (tpm, keys) = try folder.state.open(
            identity: folder.identity, tcb: VTPMFolder.tcb, key: VTPMFolder.key(7))
        let tools = try folder.tools(for: tpm)
        for (kind, algorithm) in [(EndorsementKey.rsa, "rsa2048"), (.ecc, "ecc256")] {
            try tools.run("tpm2_createek", "-c", "ek.ctx", "-G", algorithm, "-u", "ek.pub")
            // TPM2B_PUBLIC: the size, then TPMT_PUBLIC.
            #expect(try Array(tools.bytes("ek.pub").dropFirst(2)) == keys[kind])
            try tools.run("tpm2_flushcontext", "-t")
        }
    }

    /// Each is refused by the name of what differs, and the state is not touched.
    @Test(arguments: [
        (VTPMFolder.identity(measurement: 9), "measurement"), (VTPMFolder.identity(policy: 0xB0000), "policy"),
        (VTPMFolder.identity(chip: 8), "chip"),
    ])
    func opensForNoOtherLaunch(identity: LaunchIdentity, name: String) throws {
        let folder = try VTPMFolder()
        try folder.open().close()
        let before = try folder.stored()
        // Another launch has another key, too: the AMD-SP sees to it.
        let error = #expect(throws: SVSMError.self) {
            try folder.state.open(identity: identity, tcb: VTPMFolder.tcb, key: VTPMFolder.key(8))
        }
        guard case .otherLaunch(let differences) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(differences.count == 1 && differences[0].hasPrefix(name + ": made for "))
        #expect(error?.exitCode == .bootRefused)
        #expect(try folder.stored() == before)
    }

    @Test func opensWithNoOtherKeyEvenWhereTheDescriptionFits() throws {
        let folder = try VTPMFolder()
        try folder.open().close()
        let error = #expect(throws: SVSMError.self) { try folder.open(key: 8) }
        #expect(error?.exitCode == .malformed)
        // And swtpm itself, asked without our check, does not open it either.
        let result = try Command.run(
            [
                "sh", "-c",
                "head -c 32 /dev/zero >k; swtpm socket --tpm2 --tpmstate dir=vtpm --flags not-need-init,startup-clear "
                    + "--key file=k,format=binary,mode=aes-256-cbc --server type=unixio,path=s --terminate",
            ], folder: folder.scratch.path)
        #expect(result.status != 0 && result.errorText.contains("HMAC"))
    }

    /// Cut anywhere, emptied or without one of its files, the state is refused and left as it is.
    @Test func refusesAHalfWrittenState() throws {
        let folder = try VTPMFolder()
        try folder.open().close()
        for name in [VTPMState.stateFile, VTPMState.descriptionFile] {
            let whole = try folder.scratch.bytes("vtpm/" + name)
            for count in [0, 1, 16, whole.count / 2, whole.count - 2] {
                try folder.scratch.write(Array(whole.prefix(count)), to: "vtpm/" + name)
                let error = #expect(throws: SVSMError.self, "\(name) cut to \(count)") { try folder.open() }
                #expect(error?.exitCode == .malformed, "\(name) cut to \(count): \(String(describing: error))")
                #expect(try folder.scratch.bytes("vtpm/" + name) == Array(whole.prefix(count)))
            }
            try FileManager.default.removeItem(atPath: folder.scratch.file("vtpm/" + name))
            let error = #expect(throws: SVSMError.self, "without \(name)") { try folder.open() }
            #expect(error?.exitCode == .malformed || error?.exitCode == .missing)
            try folder.scratch.write(whole, to: "vtpm/" + name)
        }
        try folder.open().close()
    }

    @Test func refusesEverySpoiltByteOfTheDescription() throws {
        let folder = try VTPMFolder()
        try folder.open().close()
        let whole = try folder.scratch.bytes("vtpm/" + VTPMState.descriptionFile)
        for index in stride(from: 0, to: whole.count, by: 7) where whole[index] != 0x20 && whole[index] != 0x0A {
            var spoilt = whole
            spoilt[index] ^= 1
            try folder.scratch.write(spoilt, to: "vtpm/" + VTPMState.descriptionFile)
            #expect(throws: SVSMError.self, "byte \(index)") { try folder.open() }
        }
    }

    @Test func beginsAnewWhereAManufactureWasCutOff() throws {
        let folder = try VTPMFolder()
        try folder.scratch.shell("mkdir vtpm.new; echo half >vtpm.new/\(VTPMState.stateFile)")
        try folder.open().close()
        #expect(!folder.scratch.exists("vtpm.new"))
    }

    /// swtpm leaves its lock behind where it was killed before it had written anything.
    @Test(arguments: ["", "; touch vtpm/.lock"])
    func makesATPMInAFolderThatHoldsNone(_ lock: String) throws {
        let folder = try VTPMFolder()
        try folder.scratch.shell("mkdir vtpm" + lock)
        try folder.open().close()
        let made = try folder.stored()
        try folder.open().close()
        #expect(!made.isEmpty && folder.scratch.exists("vtpm/" + VTPMState.descriptionFile))
    }

    @Test func servesOneGuestAtATime() throws {
        let folder = try VTPMFolder()
        let tpm = try folder.open()
        let error = #expect(throws: SVSMError.self) { try folder.open() }
        #expect(error?.exitCode == .busy)
        tpm.close()
        try folder.open().close()
    }
}
