internal import GRUBScript
internal import InstalledSystem

/// The disk that GRUB boots from, out of the files of an installed system.
struct InstalledDisk: GRUBDisk {
    private let system: InstalledSystem
    let devices: [GRUBDevice]

    init(_ system: InstalledSystem) {
        self.system = system
        let disks = system.devices.map { String($0.prefix { $0 != "," }) }
        var devices: [GRUBDevice] = []
        for disk in Set(disks).sorted() {
            devices.append(GRUBDevice(name: disk, hasFileSystem: false))
            for name in system.devices where name.hasPrefix(disk + ",") {
                let volume = system.volume(name)
                devices.append(
                    GRUBDevice(
                        name: name, hasFileSystem: volume != nil, uuid: volume?.identifier,
                        label: volume?.label.flatMap { $0.isEmpty ? nil : $0 },
                        ignoresCase: volume?.ignoresCase ?? false, isWritable: volume != nil))
            }
        }
        self.devices = devices
    }

    func entry(at path: String, on device: GRUBDevice) throws(InstalledSystemError) -> GRUBDirectoryEntry? {
        guard let entry = try volume(device).entry(at: path) else { return nil }
        return GRUBDirectoryEntry(isDirectory: entry.isFolder, modified: entry.modified)
    }

    func fileSize(at path: String, on device: GRUBDevice) throws(InstalledSystemError) -> Int? {
        guard case .file(let byteCount) = try volume(device).kind(of: path) else { return nil }
        return Int(clamping: byteCount)
    }

    func read(_ path: String, on device: GRUBDevice, limit: Int) throws(InstalledSystemError) -> [UInt8] {
        let file = try volume(device).open(path)
        var bytes = [UInt8](repeating: 0, count: min(limit, file.byteCount))
        if !bytes.isEmpty { try file.read(0..<bytes.count, into: &bytes) }
        return bytes
    }

    func names(in path: String, on device: GRUBDevice) throws(InstalledSystemError) -> [String]? {
        try volume(device).names(in: path)
    }

    private func volume(_ device: GRUBDevice) throws(InstalledSystemError) -> Volume {
        guard let volume = system.volume(device.name) else {
            throw .noPartition(wanted: device.name, partitions: system.devices)
        }
        return volume
    }
}
