public import SNPABI

/// How the host protects the guest, which is also how it measures it.
public enum ProtectionMode: String, CaseIterable, Sendable {
    /// Memory is encrypted. The measurement is SHA-256 over what is loaded.
    case sev
    /// Registers are, too; the save areas are measured.
    case sevES = "sev-es"
    /// The measurement is a launch digest, SHA-384.
    case sevSNP = "sev-snp"

    /// Length of the measurement in bytes.
    public var measurementByteCount: Int { self == .sevSNP ? 48 : 32 }
}

/// All that the measurement of a guest depends on.
public struct LaunchConfiguration: Sendable {
    /// As many as Linux 6.10 gives a guest.
    public static let mostProcessors = 4096

    public var mode: ProtectionMode
    public var monitor: VirtualMachineMonitor
    public var firmware: FirmwareImage
    /// An SVSM that starts before the firmware; QEMU with SEV-SNP only.
    public var svsm: FirmwareImage?
    public var processorCount: Int
    /// What the virtual CPUs are; hosts other than QEMU do not show it.
    public var processor: ProcessorIdentity
    /// Of every virtual CPU, under SEV-SNP.
    public var features: SEVFeatures
    /// Of the kernel that QEMU boots directly; nil where the firmware boots from a disk.
    public var hashes: SEVHashesTable?

    public init(
        mode: ProtectionMode, monitor: VirtualMachineMonitor = .qemu, firmware: FirmwareImage,
        svsm: FirmwareImage? = nil, processorCount: Int, processor: ProcessorIdentity, features: SEVFeatures = .snp,
        hashes: SEVHashesTable? = nil
    ) {
        self.mode = mode
        self.monitor = monitor
        self.firmware = firmware
        self.svsm = svsm
        self.processorCount = processorCount
        self.processor = processor
        self.features = features
        self.hashes = hashes
    }
}
