import BoundedBytes
import SNPABI

/// An image of one page with tables of a test's choice. Source of the layout: edk2 `OvmfPkg/ResetVector`.
struct SyntheticFirmware {
    struct Section {
        var address: UInt32
        var byteCount: UInt32
        var type: UInt32
    }

    var sections: [Section]? = [
        Section(address: 0x80_0000, byteCount: 0x2000, type: 1),
        Section(address: 0x80_2000, byteCount: 0x1000, type: 2),
        Section(address: 0x80_3000, byteCount: 0x1000, type: 3),
        Section(address: 0x80_4000, byteCount: 0x1000, type: 0x10),
    ]
    var resetBlock: UInt32? = 0x80_B004
    var hashesArea: (UInt32, UInt32)? = (0x80_4C00, 0x400)
    /// Of the metadata's header, where it is not what it should be.
    var metadataLength: UInt32?
    var metadataVersion: UInt32 = 1
    var metadataOffset: UInt32?
    var byteCount = 4096

    var bytes: [UInt8] {
        var metadata: [UInt8] = []
        if let sections {
            metadata = Array("ASEV".utf8)
            metadata += Self.numbers([
                metadataLength ?? UInt32(16 + 12 * sections.count), metadataVersion, UInt32(sections.count),
            ])
            for section in sections { metadata += Self.numbers([section.address, section.byteCount, section.type]) }
        }
        var table: [UInt8] = []
        if sections != nil {
            // The metadata lie at the start of the image.
            table += Self.entry(FirmwareTable.sevMetadata, Self.numbers([metadataOffset ?? UInt32(byteCount)]))
        }
        if let hashesArea {
            table += Self.entry(FirmwareTable.hashesTableArea, Self.numbers([hashesArea.0, hashesArea.1]))
        }
        if let resetBlock { table += Self.entry(FirmwareTable.resetBlock, Self.numbers([resetBlock])) }
        let footer = GUID(0x96b5_82de, 0x1fb2, 0x45f7, 0xbaea, 0xa366_c55a_082d)
        table += Self.short(table.count + 18) + footer.bytes
        let padding = [UInt8](repeating: 0, count: byteCount - metadata.count - table.count - 32)
        return metadata + padding + table + [UInt8](repeating: 0x90, count: 32)
    }

    private static func entry(_ identifier: GUID, _ contents: [UInt8]) -> [UInt8] {
        contents + short(contents.count + 18) + identifier.bytes
    }

    private static func short(_ number: Int) -> [UInt8] { [UInt8(number & 0xFF), UInt8(number >> 8)] }

    private static func numbers(_ numbers: [UInt32]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) } }
    }
}
