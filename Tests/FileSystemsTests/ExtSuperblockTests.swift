import TestSupport
import Testing

@testable import FileSystems

struct ExtSuperblockTests {
    @Test func saysWhatBlkidSays() throws {
        let scratch = try Scratch()
        try scratch.shell("truncate -s 4M ext; mkfs.ext4 -q -F -L 'a label' ext")
        let found = PartitionContent(probing: Array(try scratch.bytes("ext").prefix(PartitionContent.probeByteCount)))
        guard case .ext(let superblock) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(try superblock.identifier == scratch.shell("blkid -p -s UUID -o value ext"))
        #expect(superblock.label == "a label")
        #expect(superblock.byteCount == 4 << 20)
    }
}
