public import BoundedBytes

/// One node of a device path. Source: UEFI 2.10, section 10.3; the tables stand beside the cases.
public enum DevicePathNode: Equatable, Sendable {
    case pci(device: UInt8, function: UInt8)  // 10.3.2.1
    /// The name is an EISA identifier, 0x0A0341D0 for the root of a PCI bus.
    case acpi(name: UInt32, unique: UInt32)  // 10.3.3
    case scsi(target: UInt16, unit: UInt16)  // 10.3.4.2
    case usb(port: UInt8, interface: UInt8)  // 10.3.4.5
    case sata(port: UInt16, multiplier: UInt16, unit: UInt16)  // 10.3.4.6
    case nvme(namespace: UInt32, identifier: [UInt8])  // 10.3.4.21
    case networkCard(address: [UInt8], type: UInt8)  // 10.3.4.11
    /// A partition: its number, first sector, sectors, and the GUID or the old disk signature.
    case partition(number: UInt32, start: UInt64, count: UInt64, signature: PartitionSignature)  // 10.3.5.1
    case file(String)  // 10.3.5.4
    case firmwareFile(GUID)  // 10.3.5.6, PI 1.8
    case firmwareVolume(GUID)  // 10.3.5.7, PI 1.8
    case offsets(start: UInt64, end: UInt64)  // 10.3.5.8
    case vendor(type: UInt8, GUID, data: [UInt8])  // 10.3.2.4, 10.3.4.16, 10.3.5.3
    /// A node of another kind, or one of these with an unexpected length.
    case other(type: UInt8, subtype: UInt8, data: [UInt8])

    public enum PartitionSignature: Equatable, Sendable {
        case gpt(GUID)
        case mbr(UInt32)
        case none
    }

    private static let pciRoot: [UInt32] = [0x0A03_41D0, 0x0A08_41D0]

    init(type: UInt8, subtype: UInt8, _ bytes: [UInt8], _ body: Range<Int>) throws(ByteError) {
        var reader = ByteReader(bytes.span.extracting(0..<body.upperBound))
        try reader.skip(to: body.lowerBound)
        switch (type, subtype, body.count) {
        case (1, 1, 2):
            let function: UInt8 = try reader.integer()
            self = .pci(device: try reader.integer(), function: function)
        case (2, 1, 8): self = .acpi(name: try reader.integer(), unique: try reader.integer())
        case (3, 2, 4): self = .scsi(target: try reader.integer(), unit: try reader.integer())
        case (3, 5, 2): self = .usb(port: try reader.integer(), interface: try reader.integer())
        case (3, 18, 6):
            self = .sata(port: try reader.integer(), multiplier: try reader.integer(), unit: try reader.integer())
        case (3, 23, 12): self = .nvme(namespace: try reader.integer(), identifier: try reader.bytes(8))
        case (3, 11, 33):
            let address = try reader.bytes(32)
            let kind: UInt8 = try reader.integer()
            self = .networkCard(address: Array(address.prefix(kind <= 1 ? 6 : 32)), type: kind)
        case (4, 1, 38): self = try Self.partition(&reader)
        case (4, 4, _) where body.count % 2 == 0:
            self = .file(String(decoding: try reader.units(body.count / 2).prefix { $0 != 0 }, as: UTF16.self))
        case (4, 6, 16): self = .firmwareFile(try reader.guid())
        case (4, 7, 16): self = .firmwareVolume(try reader.guid())
        case (4, 8, 20):
            try reader.reserved(4)
            self = .offsets(start: try reader.integer(), end: try reader.integer())
        case (1, 4, 16...), (3, 10, 16...), (4, 3, 16...):
            self = .vendor(type: type, try reader.guid(), data: try reader.bytes(reader.remaining))
        default: self = .other(type: type, subtype: subtype, data: try reader.bytes(reader.remaining))
        }
    }

    private static func partition(_ reader: inout ByteReader) throws(ByteError) -> DevicePathNode {
        let number: UInt32 = try reader.integer()
        let start: UInt64 = try reader.integer()
        let count: UInt64 = try reader.integer()
        let signature = try reader.guid()
        try reader.skip(1)
        let kind: UInt8 = try reader.integer()
        let short = signature.bytes.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return .partition(
            number: number, start: start, count: count,
            signature: kind == 2 ? .gpt(signature) : kind == 1 ? .mbr(short) : .none)
    }
}

extension DevicePathNode: CustomStringConvertible {
    public var description: String {
        func hex(_ value: some UnsignedInteger) -> String { "0x" + String(value, radix: 16) }
        switch self {
        case .pci(let device, let function): return "Pci(" + hex(device) + "," + hex(function) + ")"
        case .acpi(let name, let unique):
            return Self.pciRoot.contains(name)
                ? "PciRoot(" + hex(unique) + ")" : "Acpi(" + hex(name) + "," + hex(unique) + ")"
        case .scsi(let target, let unit): return "SCSI(" + String(target) + "," + String(unit) + ")"
        case .usb(let port, let interface): return "USB(" + String(port) + "," + String(interface) + ")"
        case .sata(let port, let multiplier, let unit):
            return "Sata(" + String(port) + "," + String(multiplier) + "," + String(unit) + ")"
        case .nvme(let namespace, let identifier):
            return "NVMe(" + hex(namespace) + "," + Hexadecimal.encode(identifier) + ")"
        case .networkCard(let address, let type):
            return "MAC(" + Hexadecimal.encode(address) + "," + String(type) + ")"
        case .partition(let number, let start, let count, let signature):
            let named =
                switch signature {
                case .gpt(let guid): "GPT," + guid.description
                case .mbr(let signature): "MBR," + hex(signature)
                case .none: "None,0"
                }
            return "HD(" + String(number) + "," + named + "," + hex(start) + "," + hex(count) + ")"
        case .file(let name): return "File(" + name + ")"
        case .firmwareFile(let guid): return "FvFile(" + guid.description + ")"
        case .firmwareVolume(let guid): return "FvVol(" + guid.description + ")"
        case .offsets(let start, let end): return "Offset(" + hex(start) + "," + hex(end) + ")"
        case .vendor(let type, let guid, let data):
            let name = type == 1 ? "VenHw(" : type == 3 ? "VenMsg(" : "VenMedia("
            return name + guid.description + (data.isEmpty ? "" : "," + Hexadecimal.encode(data)) + ")"
        case .other(let type, let subtype, let data):
            return "Path(" + String(type) + "," + String(subtype) + "," + Hexadecimal.encode(data) + ")"
        }
    }
}
