import TPM
import TestSupport
import Testing

@Suite struct SealingTests {
    @Test(arguments: [1, 32, 128])
    func unsealsWhatItSealed(_ count: Int) throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM(), secret: randomBytes(count))
        #expect(try enrolled.unseal() == enrolled.secret)
    }

    @Test func refusesAfterASelectedPCRWasExtended() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        _ = try session.measure(Array("fence".utf8), into: 12)
        let failure = try enrolled.failure()
        #expect(failure?.call == .unseal)
        #expect(failure?.isPolicyFailure == true)
        #expect(failure?.isForeignObject == false)
    }

    @Test func doesNotMindAPCRThatThePolicyDoesNotName() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        _ = try session.measure(Array("log".utf8), into: 10)
        #expect(try enrolled.unseal() == enrolled.secret)
    }

    @Test func refusesTheObjectOfAnotherTPM() throws {
        let (mine, other) = (try Enrolled(tpm: SoftwareTPM()), try Enrolled(tpm: SoftwareTPM()))
        #expect(mine.key.name != other.key.name)
        let session = try TPM.connect(tcti: mine.tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) {
            _ = try session.unseal(other.blob, policy: mine.selection, under: mine.key)
        } catch { caught = error }
        #expect(caught?.isForeignObject == true)
        #expect(caught?.isPolicyFailure == false)
    }

    @Test func refusesASessionWithAKeyThatTheTPMDoesNotHave() throws {
        let (mine, other) = (try Enrolled(tpm: SoftwareTPM()), try Enrolled(tpm: SoftwareTPM()))
        let session = try TPM.connect(tcti: other.tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) {
            _ = try session.unseal(other.blob, policy: mine.selection, under: mine.key)
        } catch { caught = error }
        #expect(caught != nil)
    }

    /// A power cut in the middle of use counts as a failed try for every object without noDA.
    @Test func powerCutsDoNotFeedTheLockoutCounter() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        for _ in 0..<3 {
            #expect(try enrolled.unseal() == enrolled.secret)
            enrolled.tpm.stop()
            try enrolled.tpm.start()
        }
        let state = try TPM.connect(tcti: enrolled.tpm.tcti).lockout()
        #expect(state.failures == 0)
        #expect(!state.isLockedOut)
    }

    /// The control of the test above: without noDA the same cuts do count.
    @Test func powerCutsAfterUseOfAnOrdinaryObjectDoCount() throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-c", "primary")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.write([1, 2, 3], to: "secret")
        try tpm.succeed(
            "tpm2_create", "-Q", "-C", "primary", "-i", "secret", "-p", "word", "-u", "public", "-r", "private")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_load", "-Q", "-C", "primary", "-u", "public", "-r", "private", "-c", "object")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_unseal", "-c", "object", "-p", "word")
        tpm.stop()
        try tpm.start()
        #expect(try TPM.connect(tcti: tpm.tcti).lockout().failures > 0)
    }

    @Test func leavesNothingInTheTPM() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        _ = try enrolled.unseal()
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        _ = try session.measure([Measurement(pcr: 12, event: [1])], over: enrolled.key)
        _ = try enrolled.failure()
        for kind in ["handles-transient", "handles-loaded-session", "handles-saved-session"] {
            #expect(try enrolled.tpm.succeed("tpm2_getcap", kind).text == "")
        }
        // The control: these lists do show what stays.
        try enrolled.tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-c", "primary")
        #expect(try enrolled.tpm.succeed("tpm2_getcap", "handles-transient").text != "")
    }

    @Test(arguments: [0, 129])
    func refusesASecretThatNoTPMSeals(_ count: Int) throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        #expect(throws: TPMError.self) {
            let secret = makeSecret(randomBytes(count))
            _ = try session.seal(secret, policyDigest: randomBytes(32), under: enrolled.key)
        }
    }
}
