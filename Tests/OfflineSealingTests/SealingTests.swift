import BoundedBytes
import OfflineSealing
import TPM
import TestSupport
import Testing

@Suite struct SealingTests {
    @Test(arguments: Parent.allCases)
    func aTPMImportsAndUnsealsWhatWasSealedWithoutIt(_ parent: Parent) throws {
        let receiver = try Receiver(parent)
        #expect(receiver.target.isEndorsementKey == parent.isEndorsementKey)
        for count in [32, 1, 128] {
            let secret = randomBytes(count)
            let object = try receiver.target.seal(makeSecret(secret), policyDigest: receiver.policyDigest)
            try #require(try receiver.imports(object), "\(count) bytes")
            #expect(try receiver.unseals() == secret, "\(count) bytes")
        }
        try receiver.tpm.succeed("tpm2_pcrextend", "16:sha256=" + String(repeating: "01", count: 32))
        #expect(try receiver.unseals() == nil)
    }

    /// adminWithPolicy and noDA alone, as tpm2-tools read the public area; the name as the TPM computes it.
    @Test func givesTheObjectTheOneFormThatTheUnlockAccepts() throws {
        let receiver = try Receiver(.storageECC)
        let object = try receiver.target.seal(makeSecret(randomBytes(32)), policyDigest: receiver.policyDigest)
        try receiver.tpm.write(object.publicArea, to: "object.pub")
        let text = try receiver.tpm.succeed("tpm2_print", "-t", "TPM2B_PUBLIC", "object.pub").text
        #expect(text.contains("value: adminwithpolicy|noda\n"))
        #expect(text.contains("raw: 0x480\n"))
        #expect(text.contains("value: keyedhash\n"))
        #expect(text.contains("authorization policy: " + Hexadecimal.encode(receiver.policyDigest)))
    }

    @Test func makesAnotherObjectEachTime() throws {
        let receiver = try Receiver(.storageRSA)
        let secret = randomBytes(32)
        let first = try receiver.target.seal(makeSecret(secret), policyDigest: receiver.policyDigest)
        let second = try receiver.target.seal(makeSecret(secret), policyDigest: receiver.policyDigest)
        #expect(first.publicArea != second.publicArea)
        #expect(first.duplicate != second.duplicate)
        #expect(first.seed != second.seed)
    }

    @Test(arguments: [Parent.storageECC, .endorsementRSA])
    func theTPMRefusesWhatWasChanged(_ parent: Parent) throws {
        let receiver = try Receiver(parent)
        let object = try receiver.target.seal(makeSecret(randomBytes(32)), policyDigest: receiver.policyDigest)
        #expect(try receiver.imports(object))
        // Every byte of each part is changed in TPMTests, over one connection.
        for share in 0..<16 {
            var parts = [object.publicArea, object.duplicate, object.seed]
            let part = share % 3
            parts[part][2 + share * (parts[part].count - 3) / 15] ^= 1 << UInt8(share % 8)
            let changed = DuplicationObject(publicArea: parts[0], duplicate: parts[1], seed: parts[2])
            #expect(try !receiver.imports(changed), "part \(part), \(share)")
        }
    }

    @Test func anotherTPMRefusesIt() throws {
        let (mine, other) = (try Receiver(.storageECC), try Receiver(.storageECC))
        let object = try mine.target.seal(makeSecret(randomBytes(32)), policyDigest: mine.policyDigest)
        #expect(try !other.imports(object))
        #expect(try mine.imports(object))
    }

    @Test func refusesSecretsAndPoliciesOfWrongSize() throws {
        let target = try Receiver(.storageECC).target
        let policy = [UInt8](repeating: 1, count: 32)
        for count in [0, 129] {
            #expect(throws: OfflineSealingError.secretSize(count)) {
                try target.seal(makeSecret(randomBytes(count)), policyDigest: policy)
            }
        }
        for count in [0, 20, 48] {
            #expect(throws: OfflineSealingError.policySize(count)) {
                try target.seal(makeSecret(randomBytes(32)), policyDigest: randomBytes(count))
            }
        }
    }
}
