import BoundedBytes
import Cryptography
import JSON

@testable import LUKSHeader

enum LUKSTargets {
    /// A device, of which both checksums are set right, so that what is behind that check is reached.
    static let header: Fuzz.Target = { input in
        let copies = HeaderCopies { offset, count in Array(input.dropFirst(offset).prefix(count)) }
        demand(copies.primary.count + copies.secondary.count <= 2 * input.count, "copies lie on the device")
        _ = try? LUKSHeader(checking: copies, deviceByteCount: UInt64(input.count))
        guard HeaderCopy.allowedByteCounts.contains(copies.primary.count) else { return }
        try check(try copies.restored(from: .primary), deviceByteCount: 64 << 20)
    }

    /// The JSON alone, in two copies of the smallest size that holds it.
    static let metadata: Fuzz.Target = { input in
        let needed = HeaderCopy.binaryByteCount + input.count + 1
        guard let byteCount = HeaderCopy.allowedByteCounts.first(where: { $0 >= needed }) else { return }
        MemoryBound.addInput(2 * byteCount)
        var primary = ByteWriter()
        primary.append(HeaderCopy.Kind.primary.magic)
        primary.bigEndian(UInt16(2))
        primary.bigEndian(UInt64(byteCount))
        primary.bigEndian(UInt64(1))
        primary.append([UInt8](repeating: 0, count: 48))
        primary.append(padded("sha256", 32) + [UInt8](repeating: 0, count: 64))
        primary.append(padded("5d4e1f0a-7c39-4b0e-9a57-3a1c2f0d8e61", 40))
        primary.append([UInt8](repeating: 0, count: HeaderCopy.binaryByteCount - primary.bytes.count))
        primary.append(input)
        primary.append([UInt8](repeating: 0, count: byteCount - primary.bytes.count))
        let copies = HeaderCopies(primary: primary.bytes, secondary: [])
        try check(try copies.restored(from: .primary), deviceByteCount: 64 << 20)
    }

    private static func padded(_ text: String, _ count: Int) -> [UInt8] {
        Array(text.utf8) + [UInt8](repeating: 0, count: count - text.utf8.count)
    }

    private static func check(_ copies: HeaderCopies, deviceByteCount: UInt64) throws {
        let header = try LUKSHeader(checking: copies, deviceByteCount: deviceByteCount)
        demand(header.segment.extent.end <= deviceByteCount, "the data lie on the device")
        demand(header.metadataByteCount <= header.segment.extent.offset, "the data lie behind the header")
        demand(header.digest.keyslots == header.keyslots.map(\.id), "the digest vouches for all keyslots")
        var end = 2 * UInt64(header.copyByteCount)
        for slot in header.keyslots.sorted(by: { $0.area.offset < $1.area.offset }) {
            demand(slot.area.offset >= end && slot.area.end <= header.metadataByteCount, "areas do not overlap")
            end = slot.area.end
            demand(header.canonical(keyslot: slot.id) != nil, "each keyslot has a canonical form")
        }
        // Another spelling of the same metadata, in as much room.
        let respelled = try? LUKSHeader(checking: copies.respelled(header.metadata), deviceByteCount: deviceByteCount)
        for slot in header.keyslots {
            guard let respelled else { break }
            let isSame = respelled.canonical(keyslot: slot.id) == header.canonical(keyslot: slot.id)
            demand(isSame, "the canonical form does not depend on spelling")
        }
    }
}

extension HeaderCopies {
    /// Both copies with `metadata` in the compact spelling.
    fileprivate func respelled(_ metadata: JSONValue) throws -> HeaderCopies {
        let text = Array(metadata.compact.utf8)
        let room = primary.count - HeaderCopy.binaryByteCount
        // json-c escapes what need not be: the text may have grown out of its room.
        guard text.count < room else { throw HeaderDefect.metadataArea(offset: primary.count) }
        let area = text + [UInt8](repeating: 0, count: room - text.count)
        let copy = HeaderCopies(primary: primary.prefix(HeaderCopy.binaryByteCount) + area, secondary: [])
        return try copy.restored(from: .primary)
    }
}
