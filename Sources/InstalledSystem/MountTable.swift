internal import BoundedBytes
internal import CLinux
internal import InitramfsRuntime

/// Which file systems lie at `/`, `/boot` and the EFI system partition's place of an installed system.
///
/// Sources: proc_pid_mountinfo(5); fstab(5); systemd, udev database in `/run/udev/data` (one `E:NAME=VALUE` a line).
struct MountTable {
    struct Mount: Equatable {
        /// Below the root of the installed system, such as `/boot`.
        let place: String
        var identifier: String?
        var label: String?
        var partition: PartitionPlace?
    }

    /// A partition of a GPT: its number, and the device number of its disk.
    struct PartitionPlace: Equatable {
        let number: Int
        let disk: String
    }

    private(set) var mounts: [Mount] = []

    subscript(place: String) -> Mount? { mounts.last { $0.place == place } }

    /// Something else than the root is mounted there.
    func isSeparate(_ place: String) -> Bool { self[place] != nil }

    /// The disk of the EFI system partition, else of `/boot`, else of the root: the firmware booted from it.
    func isOnSystemDisk(_ partition: PartitionPlace) -> Bool {
        let first = ["/boot/efi", "/efi", "/boot", "/"].compactMap { self[$0]?.partition?.disk }.first
        return first == partition.disk
    }

    /// What is mounted below `root`, and what its fstab will mount there at the next boot.
    static func read(root: String, folder: borrowing FileDescriptor) throws(InstalledSystemError) -> MountTable {
        var table = MountTable()
        if let top = canonical(root) {
            let bytes = try files { () throws(FileError) in
                try FileBytes.read("/proc/self/mountinfo", limit: 16 << 20)
            }
            table.addMounts(String(decoding: bytes, as: UTF8.self), below: top)
        }
        do throws(FileError) {
            let fstab = try folder.open(inside: "/etc/fstab")
            let byteCount = try fstab.byteCount
            guard byteCount <= 1 << 20, try fstab.kind == .file else { throw FileError(.limit, fstab.path, errno: 0) }
            table.addEntries(String(decoding: try fstab.read(Int(byteCount), at: 0), as: UTF8.self))
        } catch {
            guard error.isMissing else { throw .file(error) }
        }
        return table
    }

    /// Takes the lines of mountinfo: `ID PARENT MAJOR:MINOR ROOT PLACE ...`.
    private mutating func addMounts(_ text: String, below top: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ").map { Self.unescaped($0) }
            guard fields.count > 4, fields[3] == "/" else { continue }
            let prefix = top == "/" ? "" : top
            guard fields[4] == top || fields[4].hasPrefix(prefix + "/") else { continue }
            let place = fields[4] == top ? "/" : String(fields[4].dropFirst(prefix.count))
            mounts.append(Self.mount(place, device: fields[2]))
        }
    }

    /// Takes the lines of fstab for what is not mounted now: `SPEC PLACE ...`.
    private mutating func addEntries(_ text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { Self.unescaped($0) }
            guard fields.count >= 2, !fields[0].hasPrefix("#"), fields[1].hasPrefix("/") else { continue }
            guard fields[1] != "/", self[fields[1]] == nil else { continue }
            let value = fields[0].split(separator: "=", maxSplits: 1).last.map { String($0).filter { $0 != "\"" } }
            mounts.append(
                Mount(
                    place: fields[1], identifier: fields[0].hasPrefix("UUID=") ? value : nil,
                    label: fields[0].hasPrefix("LABEL=") ? value : nil))
        }
    }

    /// What udev knows of a block device.
    private static func mount(_ place: String, device: String) -> Mount {
        var mount = Mount(place: place)
        do throws(FileError) {
            let bytes = try FileBytes.read("/run/udev/data/b" + device, limit: 1 << 20)
            var values: [String: String] = [:]
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("E:") {
                let pair = line.dropFirst(2).split(separator: "=", maxSplits: 1)
                if pair.count == 2 { values[String(pair[0])] = String(pair[1]) }
            }
            mount.identifier = values["ID_FS_UUID"]
            if mount.identifier != nil { mount.label = values["ID_FS_LABEL"] ?? "" }
            if values["ID_PART_ENTRY_SCHEME"] == "gpt", let disk = values["ID_PART_ENTRY_DISK"],
                let number = values["ID_PART_ENTRY_NUMBER"].flatMap({ Int($0) })
            {
                mount.partition = PartitionPlace(number: number, disk: disk)
            }
        } catch {
            // Not a block device, or no udev here: then nothing is known.
        }
        return mount
    }

    /// Spaces, tabs, line ends and backslashes stand as `\` and three octal digits.
    private static func unescaped(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            guard byte == 0x5C, digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) else {
                bytes.append(byte)
                continue
            }
            bytes.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }))
            rest = rest.dropFirst(3)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(validatingCString: resolved)
    }
}
