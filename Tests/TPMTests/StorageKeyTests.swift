import BoundedBytes
import Cryptography
import TPM
import TestSupport
import Testing

@Suite struct StorageKeyTests {
    @Test func readsTheKeyThatOtherToolsSee() throws {
        let tpm = try SoftwareTPM()
        let key = try TPM.connect(tcti: tpm.tcti).createStorageKey(at: storageHandle)
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "0x81000002", "-n", "name", "-o", "public")
        #expect(try key.name == tpm.read("name"))
        #expect(try key.publicArea == tpm.read("public"))
    }

    /// systemd's template (src/shared/tpm2-util.c, `tpm2_get_srk_template`), spelled for tpm2-tools: the same TPM
    /// derives the same key from the same template.
    @Test func makesTheKeyOfTheStandardTemplate() throws {
        let tpm = try SoftwareTPM()
        let key = try TPM.connect(tcti: tpm.tcti).createStorageKey(at: storageHandle)
        try tpm.succeed(
            "tpm2_createprimary", "-Q", "-C", "o", "-g", "sha256", "-G", "ecc_nist_p256:null:aes128cfb", "-c",
            "primary",
            "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "primary", "-n", "name")
        #expect(try key.name == tpm.read("name"))
    }

    @Test func acceptsAnRSAKeyThatIsAlreadyThere() throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", "rsa2048", "-c", "primary")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", "0x81000001")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "0x81000001", "-n", "name")
        let session = try TPM.connect(tcti: tpm.tcti)
        let key = try session.storageKey(at: 0x8100_0001)
        #expect(try key.name == tpm.read("name"))
        let selection = try pcrs([7])
        let policy = try PolicyDigest.pcr(selection, session.readPCRs(selection))
        let blob = try session.seal(makeSecret([1, 2, 3]), policyDigest: policy, under: key)
        #expect(reveal(try session.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: key)) == [1, 2, 3])
    }

    @Test(arguments: [
        ["ecc:ecdsa", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"],
        ["ecc384:null:aes128cfb", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt"],
        ["rsa2048", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|decrypt"],
    ])
    func refusesAKeyThatIsNoStorageKey(_ template: [String]) throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-G", template[0], "-a", template[1], "-c", "primary")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", "0x81000001")
        let session = try TPM.connect(tcti: tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.storageKey(at: 0x8100_0001) } catch { caught = error }
        #expect(caught?.fault == .storageKey)
    }

    @Test func tellsThatNothingIsThere() throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.storageKey(at: storageHandle) } catch { caught = error }
        #expect(caught?.isMissingHandle == true)
        #expect(caught?.isUnavailable == false)
    }

    @Test func doesNotReplaceAKey() throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        let key = try session.createStorageKey(at: storageHandle)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.createStorageKey(at: storageHandle) } catch { caught = error }
        #expect(caught?.isHandleTaken == true)
        #expect(try session.storageKey(at: storageHandle) == key)
    }

    @Test func refusesAPublicAreaCutAnywhere() throws {
        let tpm = try SoftwareTPM()
        let key = try TPM.connect(tcti: tpm.tcti).createStorageKey(at: storageHandle)
        #expect(try StorageKey(handle: storageHandle, publicArea: key.publicArea) == key)
        for length in 0..<key.publicArea.count {
            #expect(throws: TPMError.self, "cut to \(length) bytes") {
                try StorageKey(handle: storageHandle, publicArea: Array(key.publicArea.prefix(length)))
            }
        }
        #expect(throws: TPMError.self) { try StorageKey(handle: storageHandle, publicArea: key.publicArea + [0]) }
    }
}
