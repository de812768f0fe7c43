public import Cryptography
public import TPM

/// Why the fence could not be extended.
public enum FenceError: Error, Equatable, CustomStringConvertible {
    case tpm(TPMError)
    case cryptography(CryptographyError)
    case noSuchPCR(Int)

    public var description: String {
        switch self {
        case .tpm(let error): error.description
        case .cryptography(let error): error.description
        case .noSuchPCR(let index): "there is no PCR " + String(index)
        }
    }
}
