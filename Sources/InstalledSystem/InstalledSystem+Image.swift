internal import BoundedBytes
internal import FileSystems
internal import PartitionTable

extension InstalledSystem {
    /// Opens a raw disk image with a GUID partition table.
    ///
    /// The EFI system partition is known by its type. `/boot` is the partition with kernels or GRUB's folder at its
    /// root, else the folder of the partition that looks like a root.
    public static func open(
        image path: String, devices: GRUBDevices = GRUBDevices()
    ) throws(InstalledSystemError) -> InstalledSystem {
        let image = try DiskImage(path)
        let table = try image.readTable()
        var found: [FoundPartition] = []
        for partition in table.partitions {
            found.append(try FoundPartition(partition, of: table, on: image, disk: devices.disk))
        }
        return try InstalledSystem(found)
    }

    private init(_ found: [FoundPartition]) throws(InstalledSystemError) {
        let lines = found.map { $0.line }
        func only(_ wanted: String, _ list: [FoundPartition]) throws(InstalledSystemError) -> Volume? {
            guard list.count <= 1 else { throw .ambiguous(wanted: wanted, partitions: lines) }
            return list.first?.volume
        }
        let readable = found.filter { $0.volume != nil }
        let esp = try only("the EFI system partition", readable.filter { $0.isESP })
        let boot = try only("/boot", readable.filter { $0.role == .boot })
        let root = try only("the root", readable.filter { $0.role == .root })
        var folder = boot.map { BootFolder(volume: $0, prefix: "") }
        if folder == nil, let root, try root.kind(of: "/boot") == .folder {
            folder = BootFolder(volume: root, prefix: "/boot")
        }
        self.init(
            volumes: readable.compactMap { $0.volume }, devices: found.map { $0.device }, esp: esp, root: root,
            boot: folder, partitions: lines,
            isRootEncrypted: root == nil && found.contains { $0.isEncrypted })
    }
}

/// A partition and what was found in it.
private struct FoundPartition {
    enum Role { case boot, root }

    let isESP: Bool
    let isEncrypted: Bool
    let line: String
    let device: String
    /// nil for a file system that is not read here.
    let volume: Volume?
    let role: Role?

    init(
        _ partition: Partition, of table: PartitionTable, on image: DiskImage, disk: String
    ) throws(InstalledSystemError) {
        let size = UInt64(table.sectorBytes)
        let region = ImageRegion(
            image: image, offset: partition.firstLBA * size, byteCount: partition.sectorCount * size)
        let content = try region.content()
        let name = image.path + " partition " + String(partition.number)
        device = disk + ",gpt" + String(partition.number)
        isESP = partition.typeGUID == .efiSystem
        line =
            String(partition.number) + " " + Printable.escape(partition.name) + " type "
            + partition.typeGUID.description + ": " + content.name
        switch content {
        case .ext(let superblock):
            isEncrypted = false
            guard superblock.byteCount <= region.byteCount else {
                throw .cut(volume: name, needed: superblock.byteCount, available: region.byteCount)
            }
            let tree = try ExtTree(image: image, offset: region.offset, volume: name)
            volume = Volume(
                name: name, device: device, identifier: superblock.identifier, label: superblock.label,
                ignoresCase: false, tree: tree)
        case .fat:
            isEncrypted = false
            let tree = try FATTree(region, volume: name)
            volume = Volume(
                name: name, device: device, identifier: tree.identifier, label: try tree.label() ?? "",
                ignoresCase: true, tree: tree)
        case .luks, .other:
            if case .luks = content { isEncrypted = true } else { isEncrypted = false }
            volume = nil
        }
        guard let volume, !isESP else {
            role = nil
            return
        }
        let isExtended = partition.typeGUID == .extendedBootLoader
        role = try isExtended ? .boot : Self.role(of: volume)
    }

    /// By what lies at its root: `/boot` has kernels or GRUB, a root has both `etc` and `usr`.
    private static func role(of volume: Volume) throws(InstalledSystemError) -> Role? {
        let names = try volume.names(in: "/") ?? []
        if names.contains("etc"), names.contains("usr") { return .root }
        return names.contains { $0 == "grub" || $0.hasPrefix(InstalledKernel.prefix) } ? .boot : nil
    }
}
