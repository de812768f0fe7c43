internal import BoundedBytes
internal import Cryptography
internal import Enrollment
internal import InitramfsRuntime

/// What `--authority` and `--counter` say.
enum SealingArguments {
    private static let longestKey = 1 << 16

    /// `local`, `none`, or a file with a PEM public key.
    static func authority(_ text: String) throws(CommandFailure) -> AuthorityChoice {
        switch text {
        case "local": return .local
        case "none": return .nobody
        default:
            let bytes = try CommandFailure.reading(text, limit: longestKey, area: "authority")
            guard let key = VerifyingKey(pem: bytes) else {
                throw CommandFailure(
                    code: .malformed, area: "authority", detail: text + " is no PEM public key on the curve P-256")
            }
            return .elsewhere(key)
        }
    }

    /// `auto`, `none`, or an NV index; nil for anything else.
    static func counter(_ text: String) -> CounterChoice? {
        switch text {
        case "auto": .automatic
        case "none": CounterChoice.absent
        default:
            Hexadecimal.parsePrefixed(text).flatMap { (0x0180_0000...0x01BF_FFFF).contains($0) ? .handle($0) : nil }
        }
    }

    static let counterExplanation = "--counter takes auto, none or an NV index from 0x1800000 to 0x1bfffff"
}
