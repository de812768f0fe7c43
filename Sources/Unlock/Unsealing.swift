internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import InitramfsRuntime
internal import SealedFormat
internal import Sealing
internal import Secrets
internal import TPM

/// Step 6: the sealed secret, from the TPM that the volume was enrolled with.
enum Unsealing {
    static func unseal(
        _ token: SealedToken, under parent: StorageKey, _ configuration: GuestConfiguration, _ known: [PCRValue],
        _ factor: some SecondFactorProvider, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> SealedSecret {
        let policy = try PolicyChoice(token: token, configuration: configuration).policy(known, tpm)
        let bytes = try unseal(token.object, policy, under: parent, tpm)
        do throws(SealingError) {
            return try SealedSecret(bytes).combined(with: token.secondFactor, from: factor)
        } catch { throw .sealing(error) }
    }

    private static func unseal(
        _ object: SealedToken.SealedObject, _ policy: UnsealPolicy, under parent: StorageKey, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> SecretBytes {
        do throws(TPMError) {
            return try tpm.unseal(blob(of: object, under: parent, tpm), policy: policy, under: parent)
        } catch {
            if error.isLockout { throw .lockedOut(seconds: lockoutSeconds(tpm)) }
            if let counter = policy.counter?.counter {
                try explain(error, counter, tpm)
            }
            if error.isUnapproved { throw .unapproved }
            throw .tpm(error)
        }
    }

    /// The object as this TPM loads it; one that was made elsewhere is imported first, at each boot until `sealroot reseal`
    /// exchanges it.
    private static func blob(
        of object: SealedToken.SealedObject, under parent: StorageKey, _ tpm: borrowing TPM
    ) throws(TPMError) -> SealedBlob {
        switch object.wrapped {
        case .native(let privateArea): SealedBlob(publicArea: object.publicArea, privateArea: privateArea)
        case .duplicate(let duplicate, let seed):
            try tpm.importObject(
                DuplicationObject(publicArea: object.publicArea, duplicate: duplicate, seed: seed), under: parent)
        }
    }

    /// What the counter has to do with a refusal. The answer to the question comes after the refusal and changes nothing
    /// of it, so it need not be authentic.
    private static func explain(
        _ error: TPMError, _ counter: RevocationCounter, _ tpm: borrowing TPM
    ) throws(UnlockFailure) {
        if error.isMissingCounter { throw .counterMissing(counter.handle) }
        if error.isForeignCounter { throw .counterForeign(counter.handle) }
        if error.isRevoked { throw .revoked }
        guard error.isUnapproved, let state = try? tpm.counterState(of: counter) else { return }
        switch state {
        case .missing: throw .counterMissing(counter.handle)
        case .foreign, .unwritten: throw .counterForeign(counter.handle)
        case .value: return
        }
    }

    /// How long one try takes to come back; nil where the TPM does not even say that.
    private static func lockoutSeconds(_ tpm: borrowing TPM) -> UInt32? {
        do throws(TPMError) { return try tpm.lockout().intervalSeconds } catch { return nil }
    }

    /// The storage key, by the name that the volume and, where it is pinned, the initramfs expect.
    static func storageKey(
        _ token: SealedToken, _ configuration: GuestConfiguration, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> StorageKey {
        let key: StorageKey
        do throws(TPMError) { key = try tpm.storageKey(at: token.parent.handle) } catch {
            guard error.isMissingHandle else { throw .tpm(error) }
            key = try madeAgain(token.parent, tpm)
        }
        for expected in [configuration.parentName, token.parent.name] where expected != nil && expected != key.name {
            throw .otherTPM(expected: Hexadecimal.encode(expected ?? []), found: Hexadecimal.encode(key.name))
        }
        return key
    }

    /// A TPM that was not set up keeps no storage key, and makes the same one from its template whenever it is asked to.
    private static func madeAgain(
        _ parent: SealedToken.ParentKey, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> StorageKey {
        let key = try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in
            try tpm.recreateStorageKey(StorageKey(handle: parent.handle, publicArea: parent.publicArea))
        }
        guard let key else { throw .otherTPM(expected: Hexadecimal.encode(parent.name), found: "none") }
        return key
    }
}
