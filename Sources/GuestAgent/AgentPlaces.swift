internal import EmulatorLink

/// Where the agent finds what the emulator provides, and where it serves what a confidential guest's kernel would.
public struct AgentPlaces: Equatable, Sendable {
    /// A file with the secrets page, and one with the kernel's level.
    public var secretsPage = Self.item(LinkName.secretsPageItem)
    public var level = Self.item(LinkName.levelItem)
    public var processorPort = Self.port(LinkName.processorPort)
    public var servicePort = Self.port(LinkName.servicePort)
    /// A name in a folder; nothing may have it yet.
    public var device = "/dev/sev-guest"
    /// A folder. What is in it cannot be seen as long as the agent runs.
    public var configuration = "/sys/kernel/config"

    public init() {}

    /// Source: Linux, `Documentation/ABI/testing/sysfs-firmware-qemu_fw_cfg`.
    private static func item(_ name: String) -> String { "/sys/firmware/qemu_fw_cfg/by_name/" + name + "/raw" }

    /// As udev names ports: `50-udev-default.rules`.
    private static func port(_ name: String) -> String { "/dev/virtio-ports/" + name }
}
