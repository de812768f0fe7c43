internal import Cryptography
public import TPM

/// A key that is known to belong to the TPM inside this guest.
public enum TPMAnchor: Equatable, Sendable {
    case endorsementKey(StorageKey)
    /// A restricted signing key, and the persistent handle that it has.
    case attestationKey(AttestationKey, handle: UInt32)

    private static let nonceByteCount = 32

    /// Has the TPM prove that it owns this key, and that `key` is in it.
    func prove(_ key: StorageKey, _ tpm: borrowing TPM) throws(AttestingError) {
        switch self {
        case .endorsementKey(let anchor):
            do throws(TPMError) { try tpm.proveCoresidence(of: key, with: anchor) } catch {
                throw Self.failure(error)
            }
        case .attestationKey(let signer, let handle):
            let nonce: [UInt8]
            do throws(CryptographyError) { nonce = try Random.nonce(count: Self.nonceByteCount) } catch {
                throw .cryptography(error)
            }
            let certification: Certification
            do throws(TPMError) { certification = try tpm.certify(key, byKeyAt: handle, nonce: nonce) } catch {
                throw Self.failure(error)
            }
            guard certification.vouches(for: key.name, nonce: nonce, by: signer) else { throw .uncertified }
        }
    }

    /// A TPM that does not answer may do so later; any other answer is no proof.
    private static func failure(_ error: TPMError) -> AttestingError {
        error.isUnavailable || error.isRetry || error.isLockout ? .tpm(error) : .unproven(error)
    }
}

/// The TPM inside this guest, and a storage key that it has been shown to hold.
public struct AttestedTPM: Equatable, Sendable {
    public let storageKey: StorageKey
    public let anchor: TPMAnchor

    /// Whether the TPM that answers is still the one that was attested: where it does something else than it could.
    public func proveAgain(_ tpm: borrowing TPM) throws(AttestingError) { try anchor.prove(storageKey, tpm) }
}
