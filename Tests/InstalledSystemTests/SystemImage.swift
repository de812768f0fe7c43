import TestSupport

@testable import InstalledSystem

/// A raw disk image that fdisk, mkfs and mtools made, without root rights.
struct SystemImage {
    let scratch: Scratch
    var path: String { scratch.file("image") }

    /// What lies in a partition of 40 MiB.
    enum Content {
        /// A FAT file system with the folder of that name in it.
        case fat(String)
        case ext4(String)
        case luks
        case nothing
    }

    static let espType = "U"
    static let linuxType = "L"

    init(in scratch: Scratch, _ partitions: [(type: String, content: Content)]) throws {
        self.scratch = scratch
        var table = "label: gpt\\n"
        for partition in partitions { table += "size=40MiB, type=\(partition.type)\\n" }
        try scratch.shell(
            """
            truncate -s \(partitions.count * 40 + 4)M image
            printf '\(table)' > table
            printf 'I\\ntable\\nw\\n' | fdisk image >/dev/null 2>&1
            """)
        for (index, partition) in partitions.enumerated() {
            let made =
                switch partition.content {
                case .fat(let folder):
                    "mkfs.vfat -F 32 -s 1 -n ESP -C part 40960 >/dev/null; mcopy -i part -s \(folder)/* ::"
                case .ext4(let folder):
                    "truncate -s 40M part; mkfs.ext4 -q -F -L disk\(index + 1) -d \(folder) part"
                case .luks:
                    """
                    truncate -s 40M part; echo key > key
                    cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 part key
                    """
                case .nothing: "truncate -s 40M part"
                }
            try scratch.shell(
                "rm -f part; \(made); dd if=part of=image bs=1M seek=\(1 + index * 40) conv=notrunc status=none")
        }
    }
}
