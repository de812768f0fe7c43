internal import EventLog
internal import InitramfsRuntime

/// What the check of the boot reads.
public struct BootFiles: Sendable {
    /// Where the hook puts the reference manifest.
    public static let defaultReference = "/etc/sealroot/reference.json"

    /// Its copy for the running system, which no longer has the initramfs.
    public static let keptReference = "/run/sealroot/reference.json"

    public var eventLog = EventLog.kernelFile
    public var reference = defaultReference

    /// The defaults; in the running system, the copy of the reference.
    public init() {
        if !PathWaiter.isPresent(reference), PathWaiter.isPresent(Self.keptReference) { reference = Self.keptReference }
    }
}
