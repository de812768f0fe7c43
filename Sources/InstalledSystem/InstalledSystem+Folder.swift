internal import CLinux
internal import InitramfsRuntime

extension InstalledSystem {
    /// Opens a folder that is the root of an installed system: `/`, a mounted disk, or a tree that will become one.
    ///
    /// Which partition a folder lies on comes from the kernel's mounts and udev; where the folder is no mount, UUIDs
    /// and labels come from its own `/etc/fstab`, and GRUB's names only from `devices`.
    ///
    /// - Parameter espDevice: the block device of the EFI system partition, read where no folder has its files: many
    ///   systems mount it only to change it.
    public static func open(
        root path: String, devices: GRUBDevices = GRUBDevices(), espDevice: String? = nil
    ) throws(InstalledSystemError) -> InstalledSystem {
        let top = try folder(path)
        let mounts = try MountTable.read(root: path, folder: top)
        let rootTree = FolderTree(top, ignoresCase: false)
        let root = volume("/", rootTree, mounts, devices.root, devices.disk)
        var volumes = [root]
        var esp: Volume?
        // The last is the layout in which /boot itself is the EFI system partition.
        for place in ["/boot/efi", "/efi", "/boot"] {
            guard try root.names(in: place)?.contains(where: { $0.lowercased() == "efi" }) == true else { continue }
            // /boot/efi must not be taken for the folder EFI of an ESP at /boot.
            let tree = FolderTree(try inside(path, place), ignoresCase: true)
            guard try tree.kind(of: "/EFI") == .folder else { continue }
            if place == "/boot" {
                // An empty one is where the ESP will be mounted.
                let isEmpty = try tree.names(in: "/EFI")?.isEmpty ?? true
                guard mounts.isSeparate("/boot"), !isEmpty else { continue }
            }
            let found = volume(place, tree, mounts, devices.esp, devices.disk)
            esp = found
            volumes.append(found)
            break
        }
        if esp == nil, let espDevice, let found = try unmounted(espDevice, devices.esp) {
            esp = found
            volumes.append(found)
        }
        var boot: BootFolder?
        if esp?.name == "/boot", let esp {
            boot = BootFolder(volume: esp, prefix: "")
        } else if mounts.isSeparate("/boot") {
            let tree = FolderTree(try inside(path, "/boot"), ignoresCase: false)
            let volume = volume("/boot", tree, mounts, devices.boot, devices.disk)
            volumes.append(volume)
            boot = BootFolder(volume: volume, prefix: "")
        } else if try root.kind(of: "/boot") == .folder {
            boot = BootFolder(volume: root, prefix: "/boot")
        }
        // GRUB goes by numbers: gpt10 comes behind gpt2.
        volumes.sort { Self.partitionNumber($0) < Self.partitionNumber($1) }
        return InstalledSystem(
            volumes: volumes, devices: volumes.compactMap { $0.device }, esp: esp, root: root, boot: boot,
            partitions: [], isRootEncrypted: false)
    }

    private static func partitionNumber(_ volume: Volume) -> Int {
        volume.device.flatMap { Int($0.drop { $0 != "," }.drop { !$0.isNumber }) } ?? .max
    }

    /// The FAT file system of a device that is there; nil where it is not.
    private static func unmounted(_ path: String, _ device: String?) throws(InstalledSystemError) -> Volume? {
        let image: DiskImage
        do throws(InstalledSystemError) { image = try DiskImage(path) } catch {
            guard case .file(let error) = error, error.isMissing else { throw error }
            return nil
        }
        let tree = try FATTree(ImageRegion(image: image, offset: 0, byteCount: image.byteCount), volume: path)
        return Volume(
            name: path, device: device, identifier: tree.identifier, label: try tree.label() ?? "", ignoresCase: true,
            tree: tree)
    }

    private static func folder(_ path: String) throws(InstalledSystemError) -> FileDescriptor {
        let top = try files { () throws(FileError) in try FileDescriptor.open(readingAt: path) }
        guard try files({ () throws(FileError) in try top.kind }) == .folder else {
            throw .wrongKind(volume: path, path: "/")
        }
        return top
    }

    private static func inside(_ path: String, _ place: String) throws(InstalledSystemError) -> FileDescriptor {
        let top = try folder(path)
        return try files { () throws(FileError) in try top.open(inside: place) }
    }

    private static func volume(
        _ place: String, _ tree: FolderTree, _ mounts: MountTable, _ device: String?, _ disk: String
    ) -> Volume {
        let mount = mounts[place]
        let number = mount?.partition.flatMap { mounts.isOnSystemDisk($0) ? $0.number : nil }
        return Volume(
            name: place, device: number.map { disk + ",gpt" + String($0) } ?? device, identifier: mount?.identifier,
            label: mount?.label, ignoresCase: tree.ignoresCase, tree: tree)
    }
}
