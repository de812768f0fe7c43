public import FUSEMount

/// What a confidential guest's kernel shows under /sys/kernel/config, as far as anybody looks there: `tsm/report`.
public enum ConfigurationTree {
    /// - Parameters:
    ///   - driver: has registered with configfs-tsm if it has a key; else no subfolder can be made.
    ///   - services: nil where the kernel runs at VMPL 0, under no SVSM.
    public static func root(driver: SEVGuestDriver, services: (any ServiceAttestation)?) -> VirtualNode {
        let provider = driver.hasKey ? ReportProvider(driver: driver, services: services) : nil
        return .folder(FixedFolder([("tsm", .folder(FixedFolder([("report", .folder(TSMReports(provider)))])))]))
    }
}
