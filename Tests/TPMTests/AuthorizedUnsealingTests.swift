import Cryptography
import TPM
import TestSupport
import Testing

@Suite struct AuthorizedUnsealingTests {
    @Test(arguments: [DigestAlgorithm.sha256, .sha384], [StorageKey.Template.ecc, .rsa, .eccZeros, .rsaZeros])
    func opensUnderAnApprovedPolicy(_ bank: DigestAlgorithm, _ template: StorageKey.Template) throws {
        let authorized = try Authorized(tpm: SoftwareTPM(), bank: bank, template: template)
        for limit in [nil, authorized.count, authorized.count + 1, UInt64.max] {
            #expect(try authorized.unseal(authorized.policy(limit: limit)) == authorized.secret)
        }
        #expect(try authorized.isClean())
    }

    /// Without an authority a policy may bind the counter, too.
    @Test func opensUnderACounterAlone() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        let digest = try PolicyDigest.counter(
            atMost: authorized.count, of: authorized.counter,
            after: PolicyDigest.pcr(authorized.selection, session.readPCRs(authorized.selection)))
        let blob = try session.seal(makeSecret([1, 2, 3]), policyDigest: digest, under: authorized.key)
        let limit = UnsealPolicy.CounterLimit(counter: authorized.counter, limit: authorized.count)
        let policy = UnsealPolicy(pcrs: authorized.selection, counter: limit)
        #expect(reveal(try session.unseal(blob, policy: policy, under: authorized.key)) == [1, 2, 3])
        _ = try authorized.step(from: authorized.count)
        let error = try refusal { _ = try session.unseal(blob, policy: policy, under: authorized.key) }
        #expect(error?.isRevoked == true)
        #expect(try authorized.isClean())
    }

    @Test func refusesWhatTheCounterHasLeftBehind() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let (old, next) = try (
            authorized.policy(limit: authorized.count), authorized.policy(limit: authorized.count + 1)
        )
        #expect(try authorized.unseal(old) == authorized.secret)
        #expect(try authorized.step(from: authorized.count) == authorized.count + 1)
        let error = try authorized.failure(old)
        #expect(error?.isRevoked == true)
        #expect(error?.isUnapproved == false)
        #expect(try authorized.unseal(next) == authorized.secret)
        #expect(try authorized.isClean())
    }

    /// The same approval, but the token claims more for it.
    @Test func refusesALimitThatWasNotApproved() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        _ = try authorized.step(from: authorized.count)
        let limit = UnsealPolicy.CounterLimit(counter: authorized.counter, limit: .max)
        for counter in [limit, nil] {
            let forged = UnsealPolicy(pcrs: policy.pcrs, counter: counter, approval: policy.approval)
            #expect(try authorized.failure(forged)?.isUnapproved == true)
        }
        #expect(try authorized.isClean())
    }

    @Test func refusesOtherPCRs() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        _ = try TPM.connect(tcti: authorized.tpm.tcti).measure(Array("fence".utf8), into: 12)
        let error = try authorized.failure(policy)
        #expect(error?.isUnapproved == true)
        #expect(error?.call == .policyAuthorize)
        // What the TPM could not be led through does not help either.
        let plain = UnsealPolicy(pcrs: policy.pcrs, counter: policy.counter)
        #expect(try authorized.failure(plain)?.isPolicyFailure == true)
        #expect(try authorized.isClean())
    }

    @Test func refusesASignatureThatIsNotTheAuthoritys() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        let approval = try #require(policy.approval)
        let other = try Authority()
        let zero = [UInt8](repeating: 0, count: 64)
        let (mine, theirs) = (approval.signature, try other.approval(of: approval.policyDigest).signature)
        let swapped = Array(mine.suffix(32) + mine.prefix(32))
        let (ones, spoilt) = ([UInt8](repeating: 0xFF, count: 64), [mine[0] ^ 1] + mine.dropFirst())
        for signature in [zero, ones, theirs, swapped, spoilt] {
            let forged = try Approval(
                authority: approval.authority, policyDigest: approval.policyDigest, signature: signature)
            let error = try authorized.failure(policy.approved(forged))
            #expect(error?.call == .verifySignature)
            #expect(error?.isUnapproved == true, "\(String(describing: error))")
            #expect(error?.isMalformedReply == false)
        }
        #expect(try authorized.isClean())
    }

    /// A right signature, but of another key, or for another reference.
    @Test func refusesAnotherAuthority() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        let digest = try #require(policy.approval).policyDigest
        let other = try Authority()
        let reference = try PolicyAuthority(
            publicArea: authorized.authority.authority.publicArea, reference: Array("evil twin".utf8))
        let forged = try Approval(
            authority: reference, policyDigest: digest,
            signature: authorized.authority.signature(under: reference.message(approving: digest)))
        for approval in [forged, try other.approval(of: digest)] {
            let error = try authorized.failure(policy.approved(approval))
            // The TPM takes the approval, and is then at a policy that is not the object's.
            #expect(error?.call == .unseal)
            #expect(error?.isPolicyFailure == true)
        }
        #expect(try authorized.isClean())
    }

    @Test func refusesAKeyThatIsNoPoint() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: nil)
        let approval = try #require(policy.approval)
        let zero = [UInt8](repeating: 0, count: 32)
        for (x, y) in [(zero, zero), ([1] + zero.dropLast(), zero), ([UInt8](repeating: 0xFF, count: 32), zero)] {
            let forged = try Approval(
                authority: PolicyAuthority(x: x, y: y, reference: [1]), policyDigest: approval.policyDigest,
                signature: approval.signature)
            let error = try authorized.failure(policy.approved(forged))
            #expect(error?.isUnapproved == true, "\(String(describing: error))")
        }
        #expect(try authorized.isClean())
    }
}

extension UnsealPolicy {
    /// The same, with another approval.
    func approved(_ approval: Approval) -> UnsealPolicy {
        UnsealPolicy(pcrs: pcrs, counter: counter, approval: approval)
    }
}
