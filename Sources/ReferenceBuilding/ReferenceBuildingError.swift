internal import BoundedBytes
public import Cryptography
public import EFI
public import InitramfsRuntime
public import InstalledSystem

/// Why no reference manifest could be made.
public enum ReferenceBuildingError: Error, CustomStringConvertible {
    case system(InstalledSystemError)
    case image(String, ImageFailure<InstalledSystemError>)
    case cryptography(CryptographyError)
    case noSuchKernel(String, installed: [String])
    /// Neither a kernel nor a unified kernel image is installed.
    case noKernel
    /// The log has no SHA-256 digests, or not for every event.
    case noDigests
    /// No such folder, or none of the firmware's variables in it.
    case noVariables(String)

    public var exitCode: ExitCode {
        switch self {
        case .system(let error), .image(_, .source(let error)): error.exitCode
        case .image(_, .format), .noDigests: .malformed
        case .image(_, .cryptography), .cryptography: .internalFault
        case .noSuchKernel, .noKernel, .noVariables: .missing
        }
    }

    public var description: String {
        switch self {
        case .system(let error), .image(_, .source(let error)): error.description
        case .image(let path, .format(let error)): Printable.escape(path) + ": " + error.description
        case .image(let path, .cryptography(let error)): Printable.escape(path) + ": " + error.description
        case .cryptography(let error): error.description
        case .noSuchKernel(let version, let installed):
            "no kernel " + Printable.escape(version) + " is installed; there are: "
                + installed.map { Printable.escape($0) }.joined(separator: ", ")
        case .noKernel: "neither a kernel in /boot nor a unified kernel image is installed"
        case .noVariables(let folder): Printable.escape(folder) + " has none of the firmware's variables"
        case .noDigests: "the event log has no SHA-256 digests, or not for every event"
        }
    }
}
