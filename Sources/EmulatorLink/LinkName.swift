/// What a whole virtual machine has for its emulator: two virtio-serial ports and two items of fw_cfg, under names that
/// no other program uses.
public enum LinkName {
    /// The port to the AMD-SP. It leads through the host, and carries guest messages as the guest has encrypted them.
    public static let processorPort = "org.sealroot.amd-sp"
    /// The port in place of the guest's own switch to VMPL 0, where its SVSM runs. On hardware no host is in between.
    public static let servicePort = "org.sealroot.svsm"

    /// The secrets page, 4096 bytes. On hardware the firmware writes it into the guest's encrypted memory.
    public static let secretsPageItem = "opt/org.sealroot/secrets-page"
    /// The level that the guest's kernel runs at, one byte; the number of its key, too.
    public static let levelItem = "opt/org.sealroot/vmpl"
}
