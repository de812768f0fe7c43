internal import BoundedBytes
internal import InitramfsRuntime
internal import InstalledSystem
internal import PartitionTable
internal import Prediction

/// What the firmware measures of a disk besides its programs: the partition table, and where the EFI system partition is.
struct MeasuredDisk {
    /// UEFI_GPT_DATA: the table's header, the number of used entries in 8 bytes, and these entries.
    ///
    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.6.
    let tableEvent: [UInt8]
    private let systemPartition: Partition?

    init(_ path: String) throws(MeasuredBootError) {
        do throws(InstalledSystemError) {
            let image = try DiskTable(reading: path)
            systemPartition = image.table.partitions.first { $0.typeGUID == .efiSystem }
            var writer = ByteWriter()
            writer.append(image.header)
            writer.littleEndian(UInt64(image.entries.count))
            for entry in image.entries { writer.append(entry) }
            tableEvent = writer.bytes
        } catch { throw .prediction(.system(error)) }
    }

    /// An image's load event with its hard drive node made this disk's.
    ///
    /// Source: UEFI 2.10, section 10.3.5.1.
    func replacingPartition(in event: [UInt8]) -> [UInt8] {
        // Address, length, link address and length of the path, 8 bytes each; then nodes of type, subtype and length.
        var offset = 32
        while offset + 4 <= event.count {
            let length = Int(event[offset + 2]) | Int(event[offset + 3]) << 8
            if event[offset] == 4, event[offset + 1] == 1, length == 42, offset + 42 <= event.count {
                guard let systemPartition else { return event }
                var node = ByteWriter()
                node.littleEndian(UInt32(systemPartition.number))
                node.littleEndian(systemPartition.firstLBA)
                node.littleEndian(systemPartition.sectorCount)
                node.append(systemPartition.uniqueGUID.bytes)
                return event[..<(offset + 4)] + node.bytes + event[(offset + 40)...]
            }
            guard length >= 4 else { return event }
            offset += length
        }
        return event
    }
}
