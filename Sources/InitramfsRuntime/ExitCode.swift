/// How a program ended. Hook scripts branch on these numbers: a number keeps its meaning once released.
///
/// Source: architecture, section 4.5 (the codes of sysexits.h, and 76, 77, 79 in our own sense).
public enum ExitCode: Int32, Sendable {
    case done = 0
    case usage = 64
    /// An event log, header, token, report, certificate or image is malformed.
    case malformed = 65
    /// A file or device is missing; a retry may help.
    case missing = 66
    /// The TPM, the AMD-SP or a kernel service cannot be used; a retry may help.
    case unavailable = 69
    case internalFault = 70
    /// A read or write failed and nothing was lost; a retry may help.
    case inputOutput = 74
    /// The TPM is busy or in dictionary-attack lockout; later.
    case busy = 75
    case attestationRefused = 76
    case bootRefused = 77
    case configuration = 78
    case volumeRefused = 79
}
