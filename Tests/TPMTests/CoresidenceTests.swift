import TPM
import TestSupport
import Testing

/// A TPM with a storage key, and the public areas of its standard endorsement keys as tpm2-tools know them.
struct EndorsedTPM {
    let tpm: SoftwareTPM
    let key: StorageKey

    init(template: StorageKey.Template = .ecc) throws {
        tpm = try SoftwareTPM()
        key = try TPM.connect(tcti: tpm.tcti).createStorageKey(at: storageHandle, template: template)
    }

    /// - Parameter handle: where the TPM keeps it, or a file name for one that it does not keep.
    func endorsementKey(_ algorithm: String, keptAt handle: String = "ek.ctx") throws -> StorageKey {
        try tpm.succeed("tpm2_createek", "-Q", "-c", handle, "-G", algorithm, "-u", "ek.pub")
        try tpm.succeed("tpm2_flushcontext", "-t")
        return try StorageKey(handle: storageHandle, publicArea: try tpm.read("ek.pub"))
    }

    /// Why the TPM behind `tcti` does not prove it; nil where it does.
    func failure(of endorsementKey: StorageKey, through tcti: String? = nil) throws -> TPMError? {
        let session = try TPM.connect(tcti: tcti ?? tpm.tcti)
        do throws(TPMError) {
            try session.proveCoresidence(of: key, with: endorsementKey)
            return nil
        } catch { return error }
    }

    /// Loaded objects and sessions that are left in it.
    func leftovers() throws -> String {
        try tpm.succeed("tpm2_getcap", "handles-transient").text
            + tpm.succeed("tpm2_getcap", "handles-loaded-session").text
    }
}

@Suite struct CoresidenceTests {
    @Test(arguments: ["rsa", "ecc"], ["ek.ctx", "0x81010001", "0x81010016"])
    func provesAKeyBesideAStandardEndorsementKey(_ algorithm: String, _ place: String) throws {
        let machine = try EndorsedTPM()
        let endorsementKey = try machine.endorsementKey(algorithm, keptAt: place)
        #expect(try machine.failure(of: endorsementKey) == nil)
        #expect(try machine.leftovers().isEmpty)
    }

    @Test(arguments: StorageKey.Template.allCases)
    func provesEveryKindOfStorageKey(_ template: StorageKey.Template) throws {
        let machine = try EndorsedTPM(template: template)
        #expect(try machine.failure(of: machine.endorsementKey("rsa")) == nil)
        #expect(try machine.failure(of: machine.endorsementKey("ecc")) == nil)
    }

    /// Keys besides others: what attestation keys are to a search for endorsement keys.
    @Test func passesOverOtherKeysThatTheTPMKeeps() throws {
        let machine = try EndorsedTPM()
        let endorsementKey = try machine.endorsementKey("ecc", keptAt: "0x81010002")
        let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
        try machine.tpm.succeed(
            "tpm2_createprimary", "-Q", "-C", "e", "-G", "ecc:ecdsa", "-a", attributes, "-c", "signer")
        try machine.tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "signer", "0x81010000")
        try machine.tpm.succeed("tpm2_flushcontext", "-t")
        let interposer = try Interposer(before: machine.tpm)
        #expect(try machine.failure(of: endorsementKey, through: interposer.tcti) == nil)
        #expect(!interposer.exchanges.contains { Interposer.code($0.command) == 0x131 })
    }

    @Test(arguments: ["rsa", "ecc"])
    func refusesTheEndorsementKeyOfAnotherTPM(_ algorithm: String) throws {
        let (mine, other) = (try EndorsedTPM(), try EndorsedTPM())
        let failure = try mine.failure(of: other.endorsementKey(algorithm))
        #expect(failure?.fault == .endorsementKey)
        #expect(try mine.leftovers().isEmpty)
    }

    /// The storage key is known to nobody but the host: in the genuine TPM its public part alone can be loaded.
    @Test func refusesAStorageKeyThatIsThereByNameOnly() throws {
        let (genuine, hosts) = (try EndorsedTPM(), try EndorsedTPM())
        let endorsementKey = try genuine.endorsementKey("ecc", keptAt: "0x81010002")
        try genuine.tpm.write(hosts.key.publicArea, to: "foreign.pub")
        try genuine.tpm.succeed("tpm2_loadexternal", "-Q", "-C", "o", "-u", "foreign.pub", "-c", "foreign.ctx")
        // swtpm drops no transient object between clients, so the name is at hand for the whole test.
        let loaded = try genuine.tpm.succeed("tpm2_getcap", "handles-transient").text
        #expect(loaded.contains("0x80000000"))
        let redirecting = try Interposer(before: genuine.tpm) { _, command, ask in
            var command = command
            // TPM2_Create: the parent's handle follows the header.
            if Interposer.code(command) == 0x153 { command.replaceSubrange(10..<14, with: [0x80, 0, 0, 0]) }
            return ask(command)
        }
        let failure = try hosts.failure(of: endorsementKey, through: redirecting.tcti)
        #expect(failure?.call == .create)
    }

    /// Everything from the genuine TPM but the use of the storage key, which the host's own TPM has.
    @Test func refusesTwoTPMsThatWorkTogether() throws {
        let (genuine, hosts) = (try EndorsedTPM(), try EndorsedTPM())
        let endorsementKey = try genuine.endorsementKey("ecc", keptAt: "0x81010002")
        let other = try Interposer(before: hosts.tpm)
        let splitting = try Interposer(before: genuine.tpm) { _, command, ask in
            Interposer.code(command) == 0x153 ? other.ask(command) : ask(command)
        }
        #expect(try hosts.failure(of: endorsementKey, through: splitting.tcti) != nil)
        #expect(try hosts.failure(of: endorsementKey) != nil)
    }

    /// One byte of each reply spoilt in turn: never a proof where the answer that counts is not the TPM's own.
    @Test func takesNoProofThatWasTamperedWith() throws {
        let machine = try EndorsedTPM()
        let endorsementKey = try machine.endorsementKey("ecc", keptAt: "0x81010002")
        let plain = try Interposer(before: machine.tpm)
        #expect(try machine.failure(of: endorsementKey, through: plain.tcti) == nil)
        for (target, exchange) in plain.exchanges.enumerated() where Interposer.code(exchange.command) == 0x153 {
            for offset in stride(from: 0, to: exchange.reply.count, by: 7) {
                let interposer = try Interposer(before: machine.tpm) { number, command, ask in
                    var reply = ask(command)
                    if number == target, offset < reply.count { reply[offset] ^= 1 }
                    return reply
                }
                #expect(try machine.failure(of: endorsementKey, through: interposer.tcti) != nil, "byte \(offset)")
            }
        }
    }

    /// What it costs: see the list of handles, start the session, use the key; and make and flush the endorsement key where
    /// the TPM does not keep it.
    @Test func takesFewCommands() throws {
        let machine = try EndorsedTPM()
        let endorsementKey = try machine.endorsementKey("ecc")
        let interposer = try Interposer(before: machine.tpm)
        #expect(try machine.failure(of: endorsementKey, through: interposer.tcti) == nil)
        #expect(interposer.exchanges.map { Interposer.code($0.command) } == [0x17A, 0x131, 0x176, 0x153, 0x165])
    }
}
