import BoundedBytes
import Cryptography
import TPM
import TestSupport
import Testing

@Suite struct PCRTests {
    @Test(arguments: [DigestAlgorithm.sha1, .sha256, .sha384, .sha512])
    func readsWhatOtherToolsRead(_ bank: DigestAlgorithm) throws {
        let tpm = try SoftwareTPM()
        for index in 0..<16 where index % 3 == 0 {
            try tpm.write(Array("event \(index)".utf8), to: "event")
            try tpm.succeed("tpm2_pcrevent", "-Q", String(index), "event")
        }
        let selection = try #require(PCRSelection(bank: bank, indices: Array(0..<24)))
        let session = try TPM.connect(tcti: tpm.tcti)
        let values = try session.readPCRs(selection)
        // The tool asks eight at a time too, and writes the plain digests.
        try tpm.succeed("tpm2_pcrread", "-Q", bank.rawValue + ":0,1,2,3,4,5,6,7", "-o", "first")
        try tpm.succeed("tpm2_pcrread", "-Q", bank.rawValue + ":8,9,10,11,12,13,14,15", "-o", "second")
        try tpm.succeed("tpm2_pcrread", "-Q", bank.rawValue + ":16,17,18,19,20,21,22,23", "-o", "third")
        #expect(values.map(\.index) == Array(0..<24))
        #expect(try values.flatMap(\.digest) == tpm.read("first") + tpm.read("second") + tpm.read("third"))
        #expect(session.commandCount == 3)
    }

    @Test func extendsEveryBankAsOtherToolsDo() throws {
        let (mine, theirs) = (try SoftwareTPM(), try SoftwareTPM())
        let event = Array("sealroot:unlocked".utf8)
        let digests = try TPM.connect(tcti: mine.tcti).measure(event, into: 12)
        try theirs.write(event, to: "event")
        try theirs.succeed("tpm2_pcrevent", "-Q", "12", "event")
        let banks = "sha1:12+sha256:12+sha384:12+sha512:12"
        let values = try mine.succeed("tpm2_pcrread", banks).text
        #expect(try values == theirs.succeed("tpm2_pcrread", banks).text)
        #expect(values.contains(try Hexadecimal.encode(extended(.sha256, by: digests)).uppercased()))
        #expect(Set(digests.map(\.bank)) == [.sha1, .sha256, .sha384, .sha512])
    }

    @Test func extendsTheDigestsThatItIsGivenAndOnlyThose() throws {
        let (mine, theirs) = (try SoftwareTPM(), try SoftwareTPM())
        let digests = [
            BankDigest(bank: .sha256, digest: [UInt8](repeating: 0xA5, count: 32)),
            BankDigest(bank: .sha384, digest: [UInt8](repeating: 0x5A, count: 48)),
        ]
        let session = try TPM.connect(tcti: mine.tcti)
        let key = try session.createStorageKey(at: 0x8100_0002)
        _ = try session.measure([Measurement(pcr: 15, digests: digests)], over: key)
        let list = "15:sha256=" + String(repeating: "a5", count: 32) + ",sha384=" + String(repeating: "5a", count: 48)
        try theirs.succeed("tpm2_pcrextend", list)
        let banks = "sha1:15+sha256:15+sha384:15+sha512:15"
        let values = try mine.succeed("tpm2_pcrread", banks).text
        #expect(try values == theirs.succeed("tpm2_pcrread", banks).text)
        let untouched = try SoftwareTPM()
        #expect(try values != untouched.succeed("tpm2_pcrread", banks).text)
    }

    @Test func refusesDigestsThatAreNone() throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        for digests in [[], [BankDigest(bank: .sha256, digest: [1])]] {
            #expect(throws: TPMError.self) {
                try session.measure([Measurement(pcr: 15, digests: digests)], over: nil)
            }
        }
    }

    /// What the bank holds after its zero was extended once.
    private func extended(_ bank: DigestAlgorithm, by digests: [BankDigest]) throws -> [UInt8] {
        let digest = try #require(digests.first { $0.bank == bank }).digest
        return try bank.hash([UInt8](repeating: 0, count: bank.byteCount) + digest)
    }

    @Test func refusesABankThatIsNotActive() throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_pcrallocate", "sha256:all+sha1:none+sha384:none+sha512:none")
        tpm.stop()
        try tpm.start()
        let selection = try #require(PCRSelection(bank: .sha384, indices: [7]))
        let session = try TPM.connect(tcti: tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.readPCRs(selection) } catch { caught = error }
        #expect(caught?.fault == .pcrValues)
        #expect(try session.activeBanks() == [.sha256])
    }

    @Test(arguments: [-1, 24, Int.max])
    func refusesAPCRThatDoesNotExist(_ pcr: Int) throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        #expect(throws: TPMError.self) { try session.measure([1], into: pcr) }
    }
}
