import GRUBScript

/// Disks whose files are in memory, named as in Debian's demo image.
struct MemoryDisk: GRUBDisk {
    struct Unreadable: Error {}

    var devices: [GRUBDevice]
    /// The files of each device, by path.
    var files: [String: [String: [UInt8]]]

    static let espUUID = "5EA1-2007"
    static let bootUUID = "5ea12007-b007-4000-8000-000000000002"

    /// The ESP, `/boot` and an encrypted root.
    init(esp: [String: [UInt8]] = [:], boot: [String: [UInt8]]) {
        devices = [
            GRUBDevice(name: "hd0", hasFileSystem: false),
            GRUBDevice(name: "hd0,gpt1", hasFileSystem: true, uuid: Self.espUUID, label: "ESP", ignoresCase: true),
            GRUBDevice(name: "hd0,gpt2", hasFileSystem: true, uuid: Self.bootUUID, label: "boot"),
            GRUBDevice(name: "hd0,gpt3", hasFileSystem: false),
        ]
        files = ["hd0,gpt1": esp, "hd0,gpt2": boot]
    }

    func entry(at path: String, on device: GRUBDevice) throws(Unreadable) -> GRUBDirectoryEntry? {
        if files[device.name]?[path] != nil { return GRUBDirectoryEntry(isDirectory: false, modified: 1_700_000_000) }
        return try names(in: path, on: device).map { _ in GRUBDirectoryEntry(isDirectory: true) }
    }

    func fileSize(at path: String, on device: GRUBDevice) throws(Unreadable) -> Int? {
        files[device.name]?[path]?.count
    }

    func read(_ path: String, on device: GRUBDevice, limit: Int) throws(Unreadable) -> [UInt8] {
        guard let bytes = files[device.name]?[path] else { throw Unreadable() }
        return Array(bytes.prefix(limit))
    }

    func names(in path: String, on device: GRUBDevice) throws(Unreadable) -> [String]? {
        let prefix = path.hasSuffix("/") ? path : path + "/"
        let below = (files[device.name] ?? [:]).keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        let names = Set(below.map { String($0.prefix { $0 != "/" }) })
        return names.isEmpty && path != "/" ? nil : names.sorted()
    }
}
