public import BoundedBytes
internal import EventLog
public import InstalledSystem

extension BootHistory {
    /// What GRUB called the partitions in the logged boot: it names the one that it was started from, and the one that
    /// its configuration lies on.
    public var grubDevices: GRUBDevices {
        var devices = GRUBDevices()
        for event in log.events where event.pcr == 9 {
            guard case .grubFile(let path) = log.content(of: event), path.hasPrefix("("),
                let end = path.firstIndex(of: ")")
            else { continue }
            let device = String(path[path.index(after: path.startIndex)..<end])
            guard device.contains(",") else { continue }
            if devices.esp == nil {
                devices.esp = device
                devices.disk = String(device.prefix { $0 != "," })
            } else if path.hasSuffix("/grub/grub.cfg") {
                devices.boot = device
            }
        }
        return devices
    }

    /// The GUID of the EFI system partition that the logged boot started from; nil where the log does not name it.
    public var systemPartition: GUID? { programs.first.flatMap { path(of: $0) }?.partition }
}
