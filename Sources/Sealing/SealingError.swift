public import Cryptography

/// Why a sealed secret cannot be used.
public enum SealingError: Error, Equatable, CustomStringConvertible {
    case length(Int)
    case factorLength(Int)
    /// The token asks for a second factor that this machine cannot give; the text says why.
    case factorUnavailable(String)
    /// The machine has it, but what came in its place is not to be trusted; the text says why.
    case factorRefused(String)
    case cryptography(CryptographyError)

    public var description: String {
        switch self {
        case .length(let count): "the unsealed object has " + String(count) + " bytes, not 32"
        case .factorLength(let count): "the second factor has " + String(count) + " bytes, not 32"
        case .factorUnavailable(let reason): "the second factor cannot be had: " + reason
        case .factorRefused(let reason): "the second factor is refused: " + reason
        case .cryptography(let error): error.description
        }
    }
}
