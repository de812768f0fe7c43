import BoundedBytes
import Cryptography
import TPM
import TestSupport
import Testing

@Suite struct PolicyDigestTests {
    /// Source: siderolabs/talos internal/pkg/measure/measure_test.go at ad882317 (`ExpectedSignatureJSON`, the
    /// `pol` of each bank, which systemd-measure's format prescribes), for PCR 11 alone.
    static let signed: [(DigestAlgorithm, pcr11: String, pol: String)] = [
        (
            .sha256, "535f91bd7887cccefedd0b0344b3ce7d4fc390f356b276960547502657258839",
            "c0c4f61f8ac39267a7638cde8029b82a0ccd378b2acbfdffb77ee1f0f9d464ec"
        ),
        (
            .sha384,
            "07a81a45b36a54296527f424360e376e6cf74ab4681c035079832ea68525bc02926fd793151665408ecc182bd32b5b03",
            "e8f6311e36f9ee038df65255ae7c471d1d1f91ce742b98a152be72337f6c937d"
        ),
        (
            .sha512,
            "3521e1c6a94931d1cdd17de5141bb8d6ef6fa88d5eb5d069e1dc321d649ac601"
                + "087d0613fedcf05e67f7508683f40fecaabbfb994a8876d8d7bd3ebbeb8bdf28",
            "207a8217158f9cc521dca50358a593dc61ed9308ef27da9df4ef64d634309160"
        ),
    ]

    @Test(arguments: signed)
    func agreesWithAPolicyThatTalosSigned(_ bank: DigestAlgorithm, _ pcr11: String, _ pol: String) throws {
        let selection = try #require(PCRSelection(bank: bank, indices: [11]))
        let value = try #require(Hexadecimal.decode(pcr11))
        let digest = try PolicyDigest.pcr(selection, [PCRValue(index: 11, digest: value)])
        #expect(Hexadecimal.encode(digest) == pol)
    }

    @Test(arguments: [
        (DigestAlgorithm.sha256, [4, 7, 8, 9, 12, 14]), (.sha256, [0]),
        (.sha256, [0, 1, 2, 3, 20, 21, 22, 23]), (.sha1, [7, 23]),
        (.sha384, [0, 8, 16]), (.sha512, [1, 2, 3, 11]),
    ])
    func agreesWithATrialSessionOfARealTPM(_ bank: DigestAlgorithm, _ indices: [Int]) throws {
        let tpm = try SoftwareTPM()
        let session = try TPM.connect(tcti: tpm.tcti)
        for index in indices where index < 16 { _ = try session.measure(Array("event \(index)".utf8), into: index) }
        let selection = try #require(PCRSelection(bank: bank, indices: indices))
        let values = try session.readPCRs(selection)
        try tpm.succeed("tpm2_startauthsession", "-Q", "-S", "trial")
        let list = bank.rawValue + ":" + indices.map(String.init).joined(separator: ",")
        try tpm.succeed("tpm2_policypcr", "-Q", "-S", "trial", "-l", list, "-L", "policy")
        #expect(try PolicyDigest.pcr(selection, values) == tpm.read("policy"))
    }

    @Test func refusesValuesOfOtherPCRs() throws {
        let selection = try #require(PCRSelection(bank: .sha256, indices: [4, 7]))
        let digest = [UInt8](repeating: 1, count: 32)
        let (four, seven) = (PCRValue(index: 4, digest: digest), PCRValue(index: 7, digest: digest))
        let short = PCRValue(index: 7, digest: [1])
        for values in [[], [four], [seven, four], [four, seven, seven], [four, short]] {
            #expect(throws: TPMError.self) { try PolicyDigest.pcr(selection, values) }
        }
        #expect(throws: Never.self) { try PolicyDigest.pcr(selection, [four, seven]) }
    }

    @Test func sortsASelectionAndRefusesWhatIsNone() {
        #expect(PCRSelection(bank: .sha256, indices: [14, 4, 7, 4])?.indices == [4, 7, 14])
        for indices in [[], [24], [-1], [0, Int.max], [Int.min]] {
            #expect(PCRSelection(bank: .sha256, indices: indices) == nil)
        }
    }
}
