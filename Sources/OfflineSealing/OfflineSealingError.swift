public import Cryptography

/// Why a secret cannot be sealed to a target.
public enum OfflineSealingError: Error, Equatable, CustomStringConvertible {
    /// Bytes of the secret: none, or more than a TPM seals (128).
    case secretSize(Int)
    /// Bytes of the policy digest, which is SHA-256.
    case policySize(Int)
    case cryptography(CryptographyError)

    public var description: String {
        switch self {
        case .secretSize(let count): "a secret of \(count) bytes instead of 1 to 128"
        case .policySize(let count): "a policy digest of \(count) bytes instead of 32"
        case .cryptography(let error): error.description
        }
    }
}
