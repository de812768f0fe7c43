import TPM
import TestSupport
import Testing

@Suite struct StorageKeyTemplateTests {
    /// How tpm2_createprimary is told to use each template; -u wants the TPMU_PUBLIC_ID of tpm2-tss as it lies in
    /// memory: sizes in little-endian order, each before room for 128 or 256 bytes.
    static let tools: [(StorageKey.Template, algorithm: String, unique: [UInt8]?)] = [
        (.ecc, "ecc_nist_p256:null:aes128cfb", nil),
        (.rsa, "rsa2048:null:aes128cfb", nil),
        (.eccZeros, "ecc_nist_p256:null:aes128cfb", [32, 0] + zeros(128) + [32, 0] + zeros(128)),
        (.rsaZeros, "rsa2048:null:aes128cfb", [0, 1] + zeros(256)),
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test(arguments: tools)
    func makesTheKeyThatOtherToolsMake(
        _ template: StorageKey.Template, _ algorithm: String, _ unique: [UInt8]?
    ) throws {
        let tpm = try SoftwareTPM()
        let key = try TPM.connect(tcti: tpm.tcti).createStorageKey(at: storageHandle, template: template)
        var arguments = ["tpm2_createprimary", "-Q", "-C", "o", "-g", "sha256", "-G", algorithm, "-c", "primary", "-a"]
        arguments.append("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt")
        if let unique {
            try tpm.write(unique, to: "unique")
            arguments += ["-u", "unique"]
        }
        let result = try Command.run(arguments, environment: ["TPM2TOOLS_TCTI": tpm.tcti], folder: tpm.folder)
        #expect(result.status == 0, "\(result.errorText)")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "primary", "-n", "name")
        #expect(try key.name == tpm.read("name"))
        #expect(!key.isSubjectToLockout)
    }

    /// As a guest whose vTPM has its seeds, but not yet the key that the owner sealed to.
    @Test(arguments: StorageKey.Template.allCases)
    func makesTheSameKeyAgain(_ template: StorageKey.Template) throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        let key = try session.createStorageKey(at: storageHandle, template: template)
        let taken = try refusal { _ = try session.recreateStorageKey(key) }
        #expect(taken?.isHandleTaken == true)
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "0x81000002")
        #expect(try session.recreateStorageKey(key) == key)
        #expect(try session.storageKey(at: storageHandle) == key)
        #expect(try tpm.succeed("tpm2_getcap", "handles-transient").text == "")
    }

    @Test(arguments: [StorageKey.Template.ecc, .rsa])
    func keepsNothingWhereTheKeyIsAnotherTPMs(_ template: StorageKey.Template) throws {
        let (tpm, other) = (try SoftwareTPM(), try SoftwareTPM())
        let key = try TPM.connect(tcti: other.tcti).createStorageKey(at: storageHandle, template: template)
        #expect(try TPM.connect(tcti: tpm.tcti).recreateStorageKey(key) == nil)
        for kind in ["handles-transient", "handles-persistent"] {
            #expect(try tpm.succeed("tpm2_getcap", kind).text == "")
        }
    }
}
