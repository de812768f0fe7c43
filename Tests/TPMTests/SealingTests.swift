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
            _ = try session.unseal(other.blob, policy: UnsealPolicy(pcrs: mine.selection), under: mine.key)
        } catch { caught = error }
        #expect(caught?.isForeignObject == true)
        #expect(caught?.isPolicyFailure == false)
    }

    @Test func refusesASessionWithAKeyThatTheTPMDoesNotHave() throws {
        let (mine, other) = (try Enrolled(tpm: SoftwareTPM()), try Enrolled(tpm: SoftwareTPM()))
        let session = try TPM.connect(tcti: other.tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) {
            _ = try session.unseal(other.blob, policy: UnsealPolicy(pcrs: mine.selection), under: mine.key)
        } catch { caught = error }
        #expect(caught != nil)
    }

    @Test func sealsWithTheAttributesThatOtherToolsRead() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        try enrolled.tpm.write(enrolled.blob.publicArea, to: "public")
        let text = try enrolled.tpm.succeed("tpm2_print", "-t", "TPM2B_PUBLIC", "public").text
        #expect(text.contains("value: fixedtpm|fixedparent|adminwithpolicy|noda\n"))
        #expect(text.contains("value: keyedhash\n"))
    }

    /// A TPM that loses power after an authorisation value was used counts a failed try, unless what was used has
    /// noDA. Loading uses the storage key's.
    @Test func powerCutsDoNotFeedTheLockoutCounter() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        #expect(!enrolled.key.isSubjectToLockout)
        for _ in 0..<3 {
            #expect(try enrolled.unseal() == enrolled.secret)
            enrolled.tpm.stop()
            try enrolled.tpm.start()
        }
        let state = try TPM.connect(tcti: enrolled.tpm.tcti).lockout()
        #expect(state.failures == 0)
        #expect(!state.isLockedOut)
    }

    /// The control of the test above, and the reason to tell such keys apart: tpm2_createprimary makes keys
    /// without noDA.
    @Test func powerCutsDoFeedItUnderAKeyThatIsSubjectToLockout() throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", "0x81000002")
        try tpm.succeed("tpm2_flushcontext", "-t")
        let session = try TPM.connect(tcti: tpm.tcti)
        let key = try session.storageKey(at: storageHandle)
        #expect(key.isSubjectToLockout)
        let selection = try pcrs([7])
        let policy = try PolicyDigest.pcr(selection, session.readPCRs(selection))
        let blob = try session.seal(makeSecret([1, 2, 3]), policyDigest: policy, under: key)
        #expect(reveal(try session.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: key)) == [1, 2, 3])
        tpm.stop()
        try tpm.start()
        #expect(try TPM.connect(tcti: tpm.tcti).lockout().failures == 1)
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
