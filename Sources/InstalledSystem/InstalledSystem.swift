/// The boot files of an installed system: of a folder that is its root, or of a raw disk image.
///
/// Read-only, without root rights, loop devices or mounts.
public struct InstalledSystem {
    /// `/boot`: a volume of its own, or a folder of the root.
    public struct BootFolder {
        public let volume: Volume
        /// Where it lies in its volume: empty, or `/boot`.
        public let prefix: String
    }

    /// Every file system that can be read, in the order in which GRUB finds the partitions.
    public let volumes: [Volume]
    /// What GRUB calls the partitions, also those that cannot be read, in its own order.
    public let devices: [String]
    /// nil where the system has no EFI system partition, or its folder is empty.
    public let esp: Volume?
    /// The root; nil where it is encrypted.
    public let root: Volume?
    private let foundBoot: BootFolder?
    /// One line a partition, for the message that says why there is no `/boot`.
    private let partitions: [String]
    private let isRootEncrypted: Bool

    init(
        volumes: [Volume], devices: [String], esp: Volume?, root: Volume?, boot: BootFolder?, partitions: [String],
        isRootEncrypted: Bool
    ) {
        self.volumes = volumes
        self.devices = devices
        self.esp = esp
        self.root = root
        foundBoot = boot
        self.partitions = partitions
        self.isRootEncrypted = isRootEncrypted
    }

    /// - Throws: `.encryptedBoot` or `.noPartition`.
    public var boot: BootFolder {
        get throws(InstalledSystemError) {
            if let foundBoot { return foundBoot }
            throw isRootEncrypted
                ? .encryptedBoot(partitions: partitions)
                : .noPartition(wanted: "/boot", partitions: partitions)
        }
    }

    /// The volume that GRUB calls so, such as `hd0,gpt2`.
    public func volume(_ device: String) -> Volume? { volumes.first { $0.device == device } }
}

/// What GRUB calls the partitions, as an earlier boot showed it: used where nothing else tells.
public struct GRUBDevices: Sendable {
    /// The disk that holds the system: it stands before the number of a partition that is known.
    public var disk: String
    /// Names of single partitions.
    public var esp, boot, root: String?

    public init(disk: String = "hd0", esp: String? = nil, boot: String? = nil, root: String? = nil) {
        self.disk = disk
        self.esp = esp
        self.boot = boot
        self.root = root
    }
}
