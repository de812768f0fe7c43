internal import FileSystems

/// What GRUB opens a file for. It decides what the verifiers do with it.
enum FilePurpose {
    /// Measured, and allowed with Secure Boot.
    case data
    /// Not measured: for writing, and for `load_env --skip-sig`.
    case unverified
    /// Measured, then refused with Secure Boot: modules, fonts, sounds.
    case prohibited
    /// Measured, and given to shim with Secure Boot.
    case program
}

enum DeviceReference: Equatable {
    case disk(GRUBDevice)
    case memdisk

    var name: String { if case .disk(let device) = self { device.name } else { "memdisk" } }
}

/// Where a name leads; whether anything lies there is another question.
struct Location {
    let device: DeviceReference
    /// As it is written.
    let path: [UInt8]
}

enum Located {
    case found(Location)
    case failed(Status)
}

enum Opened {
    case file(GRUBFile, DeviceReference)
    case failed(Status)
}

extension Interpreter {
    /// Splits `(device)path`; without a device, the one that `root` names.
    func locate(_ name: [UInt8]) throws(Stop) -> Located {
        guard name.first == 0x28 else {
            guard let root = value(of: "root"), !root.isEmpty else { return .failed(.code(13)) }
            return try locate(name, on: root)
        }
        guard let end = name.firstIndex(of: 0x29) else { return .failed(.badFileName) }
        return try locate(Array(name[(end + 1)...]), on: Array(name[1..<end]))
    }

    private func locate(_ path: [UInt8], on device: [UInt8]) throws(Stop) -> Located {
        guard let device = try reference(device) else { return .failed(.unknownDevice) }
        return .found(Location(device: device, path: path))
    }

    /// The device of that name, where a partition may be given by its number alone; nil where there is none.
    func reference(_ name: [UInt8]) throws(Stop) -> DeviceReference? {
        let text = try text(name)
        if text == "memdisk", machine.image.memdisk != nil { return .memdisk }
        if text == "proc" { throw unpredictable("files that GRUB makes up") }
        if let device = disk.devices.first(where: { $0.name == text }) { return .disk(device) }
        guard let comma = text.lastIndex(of: ","), text[comma...].dropFirst().allSatisfy(\.isNumber) else { return nil }
        let (drive, number) = (text[...comma], text[comma...].dropFirst())
        let names = [drive + "gpt" + number, drive + "msdos" + number].map { String($0) }
        return disk.devices.first { names.contains($0.name) }.map { .disk($0) }
    }

    /// Whether GRUB knows the file system. Where it does not, it loads every module that `fs.lst` names, one after the
    /// other, in the hope that one does.
    mutating func probe(_ device: DeviceReference) throws(Stop) -> Bool {
        guard case .disk(let device) = device, !device.hasFileSystem else { return true }
        if lists.canLoadFileSystems {
            while let name = lists.fileSystems.popLast() {
                if !modules.contains(name) { try loadModule(name) }
            }
        }
        return false
    }

    /// Opens a file with all that the verifiers do on the way.
    ///
    /// Source: GRUB 2.06, `kern/file.c`, `kern/verifiers.c`, `kern/efi/sb.c`.
    mutating func open(_ name: [UInt8], for purpose: FilePurpose = .data) throws(Stop) -> Opened {
        let location: Location
        switch try locate(name) {
        case .found(let found): location = found
        case .failed(let status): return .failed(status)
        }
        guard let first = location.path.first, first == 0x2F else {
            guard location.path.first.map({ $0.isDigit || $0 == 0x2B }) != true else {
                throw unpredictable("a list of disk blocks in place of a file")
            }
            return .failed(.badFileName)
        }
        guard try probe(location.device) else { return .failed(.unknownFileSystem) }
        let path = try text(location.path)
        let file = GRUBFile(device: location.device.name, path: Self.cleaned(path), shownName: try text(name))
        guard try isFile(file, on: location.device) else { return .failed(.fileNotFound) }
        // GRUB's own memory disk is part of the signed image: the verifiers let it pass.
        guard case .disk = location.device, purpose != .unverified else { return .file(file, location.device) }
        measure(.file(file, content: written[Self.key(file)]))
        guard machine.isSecureBoot else { return .file(file, location.device) }
        if purpose == .prohibited { return .failed(.accessDenied) }
        if purpose == .program { measure(.image(file, by: .shimOnOpen)) }
        return .file(file, location.device)
    }

    /// The bytes of an open file.
    func content(of file: GRUBFile, on device: DeviceReference, limit: Int) throws(Stop) -> [UInt8] {
        if let changed = written[Self.key(file)] { return changed }
        guard case .disk(let device) = device else {
            return try fromMemdisk { (disk) throws(MemdiskError) in try disk.file(at: file.path, limit: limit) } ?? []
        }
        return try fromDisk { [disk] () throws(Disk.Failure) in try disk.read(file.path, on: device, limit: limit) }
    }

    /// The whole of a text file, of which GRUB would decompress some.
    mutating func text(of file: GRUBFile, on device: DeviceReference) throws(Stop) -> [UInt8] {
        let limit = 4 << 20
        let bytes = try content(of: file, on: device, limit: limit + 1)
        try spend(bytes: bytes.count)
        guard bytes.count <= limit else { throw unpredictable("\(file) has more than \(limit) bytes") }
        guard !Self.isCompressed(bytes) else { throw unpredictable("\(file) is compressed") }
        return bytes
    }

    static func isCompressed(_ bytes: [UInt8]) -> Bool {
        [[0x1F, 0x8B], [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x89, 0x4C, 0x5A, 0x4F]].contains { bytes.starts(with: $0) }
    }

    private func isFile(_ file: GRUBFile, on device: DeviceReference) throws(Stop) -> Bool {
        guard case .disk(let device) = device else {
            return try fromMemdisk { (disk) throws(MemdiskError) in try disk.file(at: file.path, limit: 0) } != nil
        }
        return try fromDisk { [disk] () throws(Disk.Failure) in try disk.fileSize(at: file.path, on: device) } != nil
    }

    /// One name for every spelling of a file.
    static func key(_ file: GRUBFile) -> GRUBFile {
        GRUBFile(device: file.device, path: file.path, shownName: file.description)
    }

    static func cleaned(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }

    func text(_ bytes: [UInt8]) throws(Stop) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw unpredictable("a name that is not UTF-8")
        }
        return text
    }

    func fromDisk<Value>(_ body: () throws(Disk.Failure) -> Value) throws(Stop) -> Value {
        do throws(Disk.Failure) {
            return try body()
        } catch {
            throw .disk(error)
        }
    }
}
