public import Cryptography
internal import InitramfsRuntime
internal import LUKS
internal import SealedFormat
internal import Sealing
internal import Secrets
internal import TPM

/// Who approves the policies of a volume.
public enum AuthorityChoice: Equatable, Sendable {
    /// A key that is derived from the sealed secret; a copy stays on the encrypted root.
    case local
    /// A key that is not here: its owner approves what `sealroot policy digest` prints.
    case elsewhere(VerifyingKey)
    /// Nobody: the object opens for the boot that it was sealed for, and no other ever.
    case nobody
}

/// How a secret becomes an object of the TPM.
struct SealingPlan {
    let selection: PCRSelection
    let authority: AuthorityChoice
    let counter: CounterChoice
    let store: AuthorityStore

    /// Seals on the TPM that holds `parent`.
    ///
    /// - Parameters:
    ///   - kept: what the TPM keeps.
    ///   - secret: what a local authority is derived from: the same, or combined with a second factor.
    ///   - boots: those that the object opens for; exactly one where there is no authority.
    func seal(
        _ kept: borrowing SealedSecret, deriving secret: borrowing SealedSecret, _ volumeKey: borrowing SecretBytes,
        for boots: [ExpectedBoot],
        under parent: StorageKey, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> SealedKey {
        var approvals = Approvals()
        do throws(EnrollmentError) {
            try approve(boots, into: &approvals, secret, volumeKey, parent, tpm)
            let digest = try approvals.objectPolicy()
            let blob = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                try tpm.seal(kept.bytes, policyDigest: digest, under: parent)
            }
            return SealedKey(
                parent: parent, object: .init(publicArea: blob.publicArea, wrapped: .native(blob.privateArea)),
                approvals: approvals)
        } catch {
            withdraw(approvals, tpm)
            throw error
        }
    }

    private func approve(
        _ boots: [ExpectedBoot], into approvals: inout Approvals, _ secret: borrowing SealedSecret,
        _ volumeKey: borrowing SecretBytes, _ parent: StorageKey, _ tpm: borrowing TPM
    ) throws(EnrollmentError) {
        let name = try hashing { () throws(CryptographyError) in try VolumeName.of(volumeKey) }
        switch authority {
        case .nobody:
            let maker = PolicyMaker(selection: selection, authority: nil, counter: nil)
            approvals.policies = try boots.map { (boot) throws(EnrollmentError) in try maker.draft(boot, limit: nil) }
        case .elsewhere(let key):
            approvals.authority = try Self.authority(x: key.x, y: key.y, name)
            // Its first step needs an approval, too; until then it is there, but not written.
            guard let authority = approvals.authority, case .handle(let handle) = counter else { return }
            approvals.counter = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                let counter = try RevocationCounter(handle: handle, authority: authority)
                try tpm.defineCounter(counter)
                return counter
            }
        case .local:
            let key = try sealing { () throws(SealingError) in try secret.authorityKey() }
            let authority = try Self.authority(x: key.x, y: key.y, name)
            approvals.authority = authority
            let counter = try CounterSteps.define(at: counter, for: authority, by: key, over: parent, tpm)
            approvals.counter = counter?.0
            let maker = PolicyMaker(selection: selection, authority: authority, counter: counter?.0)
            approvals.policies = try boots.map { (boot) throws(EnrollmentError) in
                try maker.signed(boot, limit: counter?.value, by: key)
            }
            try store.save(key, named: authority.name)
            approvals.isKeyStored = true
        }
    }

    static func authority(
        x: [UInt8], y: [UInt8], _ volumeName: [UInt8]
    ) throws(EnrollmentError) -> PolicyAuthority {
        try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try PolicyAuthority(x: x, y: y, reference: volumeName)
        }
    }

    /// Takes back what was made beside the volume. A failure leaves something unused behind, and the first error is the
    /// one to tell.
    func withdraw(_ approvals: Approvals, _ tpm: borrowing TPM) {
        if let counter = approvals.counter { try? tpm.undefineCounter(counter) }
        if approvals.isKeyStored, let authority = approvals.authority { try? store.remove(named: authority.name) }
    }
}

/// What opens a sealed object.
struct Approvals {
    var authority: PolicyAuthority?
    var counter: RevocationCounter?
    var policies: [SealedToken.PCRPolicy] = []
    /// The authority's private key has been saved.
    var isKeyStored = false

    /// The policy digest of the object itself.
    func objectPolicy() throws(EnrollmentError) -> [UInt8] {
        guard let authority else {
            guard policies.count == 1 else { throw .oneBootOnly }
            return policies[0].digest
        }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in try PolicyDigest.authorized(by: authority)
        }
    }
}

/// What a token holds of the TPM, before there is a keyslot.
struct SealedKey {
    let parent: StorageKey
    let object: SealedToken.SealedObject
    var approvals: Approvals
}
