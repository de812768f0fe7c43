internal import BoundedBytes
internal import JSON
internal import PartitionTable

/// How far a run is, kept in the work folder as JSON. It holds no secret.
struct Journal: Equatable {
    enum Phase: String {
        /// The image is as it was; whatever is in the work folder can be made again.
        case preparing
        /// As before; the file for the recovery key may have been made.
        case delivering
        /// The work file is complete and its recovery key delivered: only going on is safe.
        case writing
        /// The image is complete; the work folder can go.
        case finished
    }

    var phase: Phase
    /// Size of the image before the run, in bytes, and its disk GUID: what makes it this image.
    let imageByteCount: UInt64
    let diskGUID: String
    let sectorByteCount: UInt64
    let partition: Int
    let partitionName: String
    /// Where the partition starts and what it holds before the run, in bytes.
    let offset: UInt64
    let byteCount: UInt64
    /// What the partition and the image will hold.
    var newByteCount: UInt64
    var newImageByteCount: UInt64
    var uuid = ""
    var recoveryKeyFile: String?
    /// What to write besides the partition, in this order; only where the partition grows.
    var tableRanges: [DiskRange] = []

    var json: JSONValue {
        let ranges = tableRanges.map {
            JSONValue.object([
                JSONMember("offset", .integer(Int64($0.offset))), JSONMember("bytes", .string(Base64.encode($0.bytes))),
            ])
        }
        return .object([
            JSONMember("version", .integer(1)),
            JSONMember("phase", .string(phase.rawValue)),
            JSONMember("image_bytes", .integer(Int64(imageByteCount))),
            JSONMember("disk_guid", .string(diskGUID)),
            JSONMember("sector_bytes", .integer(Int64(sectorByteCount))),
            JSONMember("partition", .integer(Int64(partition))),
            JSONMember("partition_name", .string(partitionName)),
            JSONMember("offset", .integer(Int64(offset))),
            JSONMember("bytes", .integer(Int64(byteCount))),
            JSONMember("new_bytes", .integer(Int64(newByteCount))),
            JSONMember("new_image_bytes", .integer(Int64(newImageByteCount))),
            JSONMember("uuid", .string(uuid)),
            JSONMember("recovery_key_file", recoveryKeyFile.map(JSONValue.string) ?? .null),
            JSONMember("table", .array(ranges)),
        ])
    }
}

extension Journal {
    /// Reads what `json` wrote; nil for anything else.
    init?(_ json: JSONValue) {
        func number(_ name: String) -> UInt64? { json[name]?.integer.flatMap { UInt64(exactly: $0) } }
        guard number("version") == 1,
            let phase = json["phase"]?.string.flatMap(Phase.init(rawValue:)),
            let imageByteCount = number("image_bytes"), let diskGUID = json["disk_guid"]?.string,
            let sectorByteCount = number("sector_bytes"), [512, 4096].contains(sectorByteCount),
            let partition = json["partition"]?.integer.flatMap({ Int(exactly: $0) }),
            let partitionName = json["partition_name"]?.string, let offset = number("offset"),
            let byteCount = number("bytes"), let newByteCount = number("new_bytes"),
            let newImageByteCount = number("new_image_bytes"), let uuid = json["uuid"]?.string,
            let ranges = json["table"]?.array?.map(Self.range), !ranges.contains(nil)
        else { return nil }
        self.phase = phase
        self.imageByteCount = imageByteCount
        self.diskGUID = diskGUID
        self.sectorByteCount = sectorByteCount
        self.partition = partition
        self.partitionName = partitionName
        self.offset = offset
        self.byteCount = byteCount
        self.newByteCount = newByteCount
        self.newImageByteCount = newImageByteCount
        self.uuid = uuid
        recoveryKeyFile = json["recovery_key_file"]?.string
        tableRanges = ranges.compactMap { $0 }
    }

    private static func range(_ json: JSONValue) -> DiskRange? {
        guard let offset = json["offset"]?.integer.flatMap({ UInt64(exactly: $0) }),
            let bytes = json["bytes"]?.string.flatMap(Base64.decode)
        else { return nil }
        return DiskRange(offset: offset, bytes: bytes)
    }
}
