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
        _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> SealedSecret {
        let selection = try matchingPolicy(token, configuration, known, tpm)
        let bytes = try unseal(token.object, selection, under: parent, tpm)
        do throws(SealingError) { return try SealedSecret(bytes) } catch { throw .sealing(error) }
    }

    private static func unseal(
        _ object: SealedToken.SealedObject, _ selection: PCRSelection, under parent: StorageKey, _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> SecretBytes {
        guard case .native(let privateArea) = object.wrapped else {
            throw .token(TokenError("tpm2.object.duplicate", .unknownField))
        }
        let blob = SealedBlob(publicArea: object.publicArea, privateArea: privateArea)
        do throws(TPMError) {
            return try tpm.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: parent)
        } catch {
            guard error.isLockout else { throw .tpm(error) }
            throw .lockedOut(seconds: lockoutSeconds(tpm))
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
            throw .otherTPM(expected: Hexadecimal.encode(token.parent.name), found: "none")
        }
        for expected in [configuration.parentName, token.parent.name] where expected != nil && expected != key.name {
            throw .otherTPM(expected: Hexadecimal.encode(expected ?? []), found: Hexadecimal.encode(key.name))
        }
        return key
    }

    /// The policy that holds for the PCRs as they are; the TPM is not asked about any other.
    ///
    /// - Parameter known: PCRs of the SHA-256 bank that were read before.
    private static func matchingPolicy(
        _ token: SealedToken, _ configuration: GuestConfiguration, _ known: [PCRValue], _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> PCRSelection {
        var changes: [ChangedPCR] = []
        for policy in token.policies {
            guard policy.pcrs.contains(configuration.fencePCR) else {
                throw .policyWithoutFence(configuration.fencePCR)
            }
            let selection = PCRSelection(bank: policy.bank, indices: policy.pcrs)
            guard let selection else { throw .token(TokenError("tpm2.policies", .value("pcrs"))) }
            let (values, digest) = try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in
                let found = selection.bank == .sha256 ? known.filter { selection.indices.contains($0.index) } : []
                let values = found.count == selection.indices.count ? found : try tpm.readPCRs(selection)
                return (values, try PolicyDigest.pcr(selection, values))
            }
            if digest == policy.digest { return selection }
            if changes.isEmpty { changes = self.changes(from: policy, to: values) }
        }
        throw .measurements(changes)
    }

    private static func changes(from policy: SealedToken.PCRPolicy, to values: [PCRValue]) -> [ChangedPCR] {
        values.compactMap { value in
            guard let enrolled = policy.values.first(where: { $0.pcr == value.index }), enrolled.digest != value.digest
            else { return nil }
            return ChangedPCR(index: value.index, enrolled: enrolled.digest, found: value.digest)
        }
    }
}
