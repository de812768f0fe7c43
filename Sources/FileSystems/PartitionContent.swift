/// What lies in a partition, by its magic numbers.
public enum PartitionContent: Equatable, Sendable {
    case ext(ExtSuperblock)
    case fat
    /// An encrypted volume, by the version of its header.
    case luks(version: UInt8)
    /// Anything else, in words.
    case other(String)

    /// Bytes from the start of the partition that `init` looks at.
    public static let probeByteCount = 0x1_0048

    public init(probing bytes: [UInt8]) {
        func holds(_ magic: String, at offset: Int) -> Bool {
            bytes.count >= offset + magic.utf8.count
                && bytes[offset..<offset + magic.utf8.count].elementsEqual(magic.utf8)
        }
        // LUKS first: the data area of a volume may hold anything, also something that looks like ext4.
        if holds("LUKS", at: 0), bytes.count > 8, bytes[4] == 0xBA, bytes[5] == 0xBE {
            self = .luks(version: bytes[7])
        } else if let superblock = ExtSuperblock(probing: bytes) {
            self = .ext(superblock)
        } else if holds("XFSB", at: 0) {
            self = .other("an XFS file system")
        } else if holds("_BHRfS_M", at: 0x1_0040) {
            self = .other("a Btrfs file system")
        } else if holds("FAT32", at: 0x52) || holds("FAT", at: 0x36) {
            self = .fat
        } else if holds("hsqs", at: 0) {
            self = .other("a SquashFS file system")
        } else if holds("LABELONE", at: 0x200) {
            self = .other("an LVM volume")
        } else if holds("SWAPSPACE2", at: 0xFF6) {
            self = .other("swap space")
        } else {
            self = .other("nothing that is known here")
        }
    }

    public var name: String {
        switch self {
        case .ext: "ext4"
        case .fat: "a FAT file system"
        case .luks(let version): "a LUKS\(version) volume"
        case .other(let words): words
        }
    }
}
