public import Cryptography
public import InitramfsRuntime
public import InstalledSystem

/// Why there is no prediction at all.
public enum PredictionError: Error, Equatable, CustomStringConvertible {
    case system(InstalledSystemError)
    case cryptography(CryptographyError)
    /// The log has no bank that can be computed, or no program that firmware started from a disk.
    case log(String)
    case template(String)
    /// GRUB's menu has no entry that boots that kernel.
    case noEntry(version: String)
    /// It is not in `/boot`.
    case noKernel(version: String, available: [String])

    public var exitCode: ExitCode {
        switch self {
        case .system(let error): error.exitCode
        case .cryptography: .internalFault
        case .log, .template: .malformed
        case .noEntry, .noKernel: .missing
        }
    }

    public var description: String {
        switch self {
        case .system(let error): error.description
        case .cryptography(let error): error.description
        case .log(let reason): "event log: \(reason)"
        case .template(let reason): "template: \(reason)"
        case .noEntry(let version): "no entry of GRUB's menu boots the kernel \(version)"
        case .noKernel(let version, let available):
            "no kernel \(version) in /boot; there are: " + available.joined(separator: ", ")
        }
    }
}

func system<Value>(_ body: () throws(InstalledSystemError) -> Value) throws(PredictionError) -> Value {
    try rethrow(as: PredictionError.system, body)
}
func hashing<Value>(_ body: () throws(CryptographyError) -> Value) throws(PredictionError) -> Value {
    try rethrow(as: PredictionError.cryptography, body)
}
func hash(_ bytes: [UInt8], _ algorithm: DigestAlgorithm) throws(PredictionError) -> [UInt8] {
    try hashing { () throws(CryptographyError) in try algorithm.hash(bytes) }
}
