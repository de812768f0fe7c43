public import Cryptography
public import InitramfsRuntime
public import SNPABI

/// Why the state of an emulated chip cannot be made, read or changed.
public enum StateError: Error, Equatable, CustomStringConvertible {
    case file(FileError)
    /// Something else is there already.
    case exists(String)
    case missing(String)
    /// A file that is not what it must be: changed, cut off, or of another chip.
    case malformed(String, reason: String)
    /// A folder that a later version of the emulator has made.
    case version(String, Int64)
    /// Another process makes or changes this state.
    case busy(String)
    /// The firmware of the chip does not do it.
    case refused(FirmwareStatus)
    case cryptography(CryptographyError)

    public var exitCode: ExitCode {
        switch self {
        case .file(let error): error.isMissing ? .missing : .inputOutput
        case .exists, .refused: .usage
        case .missing: .missing
        case .malformed, .version: .malformed
        case .busy: .busy
        case .cryptography: .internalFault
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .exists(let path): path + " exists, and is no empty folder: name another"
        case .missing(let path): path + " holds no emulated chip; snp-emulator init makes one"
        case .malformed(let path, let reason): path + ": " + reason
        case .version(let path, let version): path + ": version \(version); this program knows version 1"
        case .busy(let path): "another process is changing " + path
        case .refused(let status): "the firmware refuses it: " + status.description
        case .cryptography(let error): error.description
        }
    }
}
