import TPM
import TestSupport
import Testing

private func occurs(_ needle: [UInt8], in bytes: [UInt8]) -> Bool {
    guard bytes.count >= needle.count else { return false }
    return (0...bytes.count - needle.count).contains { bytes[$0..<$0 + needle.count].elementsEqual(needle) }
}

@Suite struct WireTests {
    /// Whether any eight bytes in a row of the secret went over the wire.
    private func isOnTheWire(_ secret: [UInt8], _ interposer: Interposer) -> Bool {
        let pieces = (0...secret.count - 8).map { Array(secret[$0..<$0 + 8]) }
        return interposer.exchanges.contains { exchange in
            pieces.contains { occurs($0, in: exchange.command) || occurs($0, in: exchange.reply) }
        }
    }

    @Test func neverPutsTheSecretOnTheWire() throws {
        let tpm = try SoftwareTPM()
        let interposer = try Interposer(before: tpm)
        let enrolled = try Enrolled(tpm: tpm, through: interposer.tcti)
        #expect(try enrolled.unseal(through: interposer.tcti) == enrolled.secret)
        #expect(interposer.count > 10)
        #expect(!isOnTheWire(enrolled.secret, interposer))
    }

    /// The control of the test above, and another implementation that opens our object.
    @Test func otherToolsOpenTheSameObjectAndDoShowIt() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let interposer = try Interposer(before: enrolled.tpm)
        try enrolled.tpm.write(enrolled.blob.publicArea, to: "public")
        try enrolled.tpm.write(enrolled.blob.privateArea, to: "private")
        try enrolled.tpm.succeed(
            "tpm2_load", "-Q", "-C", "0x81000002", "-u", "public", "-r", "private", "-c", "object")
        try enrolled.tpm.succeed("tpm2_startauthsession", "-Q", "--policy-session", "-S", "session")
        try enrolled.tpm.succeed("tpm2_policypcr", "-Q", "-S", "session", "-l", "sha256:4,7,8,9,12,14")
        try enrolled.tpm.succeed(
            "tpm2_unseal", "-Q", "-T", interposer.tcti, "-c", "object", "-p", "session:session", "-o", "opened")
        #expect(try enrolled.tpm.read("opened") == enrolled.secret)
        #expect(isOnTheWire(enrolled.secret, interposer))
    }

    @Test func countsTheCommandsOnTheWire() throws {
        let tpm = try SoftwareTPM()
        let interposer = try Interposer(before: tpm)
        let session = try TPM.connect(tcti: interposer.tcti)
        #expect(session.commandCount == 0)
        let key = try session.createStorageKey(at: storageHandle)
        _ = try session.lockout()
        let selection = try pcrs([7])
        let policy = try PolicyDigest.pcr(selection, session.readPCRs(selection))
        let blob = try session.seal(makeSecret(randomBytes(32)), policyDigest: policy, under: key)
        _ = try session.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: key)
        #expect(session.commandCount == interposer.count)
        #expect(session.commandCount > 10)
    }

    @Test func unlocksWithTwelveCommands() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let interposer = try Interposer(before: enrolled.tpm)
        do {
            let session = try TPM.connect(tcti: interposer.tcti)
            _ = try session.lockout()
            let key = try session.storageKey(at: storageHandle)
            #expect(key == enrolled.key)
            _ = try session.readPCRs(enrolled.selection)
            _ = try session.unseal(enrolled.blob, policy: UnsealPolicy(pcrs: enrolled.selection), under: key)
            let fence = Measurement(pcr: 12, event: Array("fence".utf8))
            _ = try session.measure([fence, Measurement(pcr: 15, event: Array("volume key".utf8))], over: key)
        }
        // GetCapability, ReadPublic, PCR_Read, Load, StartAuthSession, PolicyPCR, Unseal, FlushContext,
        // StartAuthSession, PCR_Event twice. Source: TCG TPM 2.0 Library, Part 2, table 12.
        let codes: [UInt32] = [
            0x17A, 0x173, 0x17E, 0x157, 0x176, 0x17F, 0x15E, 0x165, 0x176, 0x13C, 0x13C,
        ]
        #expect(interposer.exchanges.map { Interposer.code($0.command) } == codes)
    }

    /// The same commands as sealroot-init sends, which reads all PCRs over a session that it keeps for the fence.
    @Test func unlocksWithSeventeenCommandsUnderAnAuthorityAndACounter() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        let interposer = try Interposer(before: authorized.tpm)
        do {
            let tpm = try TPM.connect(tcti: interposer.tcti)
            let key = try tpm.storageKey(at: storageHandle)
            let session = try tpm.startSession(saltedTo: key)
            _ = try tpm.readPCRs(.boot, over: session)
            let secret = try tpm.unseal(authorized.blob, policy: policy, under: key)
            #expect(reveal(secret) == authorized.secret)
            _ = try tpm.activeBanks()
            let fence = Measurement(pcr: 12, event: Array("fence".utf8))
            _ = try tpm.measure([fence, Measurement(pcr: 15, event: Array("volume key".utf8))], over: session)
        }
        // ReadPublic, StartAuthSession, PCR_Read twice, Load; LoadExternal, VerifySignature, FlushContext;
        // StartAuthSession, PolicyPCR, PolicyNV, PolicyAuthorize, Unseal, FlushContext; GetCapability, PCR_Event twice.
        let codes: [UInt32] = [
            0x173, 0x176, 0x17E, 0x17E, 0x157, 0x167, 0x177, 0x165, 0x176, 0x17F, 0x149, 0x16A, 0x15E, 0x165, 0x17A,
            0x13C, 0x13C,
        ]
        #expect(interposer.exchanges.map { Interposer.code($0.command) } == codes)
    }
}
