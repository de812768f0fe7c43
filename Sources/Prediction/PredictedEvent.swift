public import EventLog

/// One event of the next boot.
public struct PredictedEvent: Equatable, Sendable {
    public let pcr: UInt32
    public let type: EventType
    /// One a bank, in the order of `Prediction.algorithms`.
    public let digests: [[UInt8]]
    public let reason: Reason
    /// What is measured, as the log will show it. Untrusted.
    public let text: String
    /// The event data that the log will have, but for what each boot has anew: addresses in memory, and the hardware
    /// in a device path.
    public let data: [UInt8]

    /// Where the digest comes from.
    public enum Reason: Equatable, Sendable, CustomStringConvertible {
        case keptFromLastLog
        /// Kept from the log of a firmware, since this machine has none yet.
        case template(String)
        /// A variable of the firmware that has changed since the log was written.
        case variable
        /// The digest of a file, of a PE image without its signature; its volume and path.
        case file(String)
        /// What a certificate database, or shim itself, holds: the certificate that accepts a program, or a list.
        case contents(String)
        /// A command of GRUB's configuration; its file, line and column.
        case grubCommand(String)
        /// What the kernel is given.
        case commandLine(String)

        public var description: String {
            switch self {
            case .keptFromLastLog: "kept from the last log"
            case .template(let name): "template \(name)"
            case .variable: "firmware variable"
            case .file(let name): "file digest of \(name)"
            case .contents(let name): "contents of \(name)"
            case .grubCommand(let place): "GRUB command at \(place)"
            case .commandLine(let place): "command line at \(place)"
            }
        }
    }
}

/// What cannot be predicted, and why: from here on the PCRs have no known value.
public struct PredictionGap: Equatable, Sendable {
    public let pcrs: [UInt32]
    /// What would be measured, such as `GRUB's authority`.
    public let event: String
    public let reason: String
}
