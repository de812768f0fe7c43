internal import InitramfsRuntime

/// What the check of the boot reads.
public struct BootFiles: Sendable {
    /// Where the hook puts the reference manifest.
    public static let defaultReference = "/etc/sealroot/reference.json"

    /// Its copy for the running system, which no longer has the initramfs.
    public static let keptReference = "/run/sealroot/reference.json"

    /// Nil for the kernel's, which is there only where the firmware's log was handed on.
    public var eventLog: String?
    public var reference = defaultReference

    /// The defaults; in the running system, the copy of the reference.
    public init() {
        if !PathWaiter.isPresent(reference), PathWaiter.isPresent(Self.keptReference) { reference = Self.keptReference }
    }
}
