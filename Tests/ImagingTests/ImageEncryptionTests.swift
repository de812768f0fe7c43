import Foundation
import Imaging
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct ImageEncryptionTests {
    @Test(arguments: [(blockBytes: 1024, sectorBytes: Int64(512)), (4096, 4096)])
    func makesAVolumeThatCryptsetupDecryptsToTheSameFiles(blockBytes: Int, sectorBytes: Int64) throws {
        let image = try RootImage(blockBytes: blockBytes)
        let result = try image.encrypt()
        try image.requireSameFiles()
        #expect(result.partition == 2)
        #expect(result.partitionName == "root")
        #expect(result.grownByteCount == 0)
        #expect(result.recoveryKeyFile == image.scratch.file("key"))
        #expect(!image.workFolderExists)
        // The file system cannot be mounted where the volume's sectors are larger than its blocks.
        #expect(try image.metadata()["segments"]?["0"]?["sector_size"] == .integer(sectorBytes))
    }

    @Test func writesTheHeaderThatTheArchitectureAsksFor() throws {
        let image = try RootImage()
        let result = try image.encrypt()
        let metadata = try image.metadata()
        let segment = metadata["segments"]?["0"]
        let keyslot = metadata["keyslots"]?["0"]
        #expect(segment?["encryption"] == .string("aes-xts-plain64"))
        #expect(segment?["offset"] == .string(String(result.headerByteCount)))
        #expect(keyslot?["key_size"] == .integer(64))
        #expect(keyslot?["kdf"]?["type"] == .string("pbkdf2"))
        #expect(keyslot?["kdf"]?["hash"] == .string("sha256"))
        #expect(keyslot?["kdf"]?["iterations"] == .integer(1000))
        for kind in ["segments", "keyslots", "tokens", "digests"] {
            #expect(metadata[kind]?.members?.map(\.name) == ["0"], "\(kind)")
        }
        // No requirement: nothing is left of the reencryption.
        #expect(metadata["config"]?.members?.map(\.name) == ["json_size", "keyslots_size"])
        #expect(metadata["tokens"]?["0"]?["type"] == .string("systemd-recovery"))
        #expect(metadata["tokens"]?["0"]?["keyslots"] == .array([.string("0")]))
        #expect(
            try image.scratch.shell(
                "tail -c +$((9 * 1048576 + 1)) disk.img | head -c 64M > p; cryptsetup luksUUID p; rm p")
                == result.uuid)
    }

    @Test func changesNothingOutsideTheRoot() throws {
        let image = try RootImage()
        try image.scratch.shell("cp disk.img before.img")
        try image.encrypt()
        try image.scratch.shell(
            """
            cmp -n 9437184 disk.img before.img
            cmp --ignore-initial=\((9 + 64) << 20) disk.img before.img
            test "$(sfdisk -d disk.img)" = "$(sfdisk -d before.img | sed s/before.img/disk.img/)"
            """)
    }

    @Test func leavesNoPlaintextInTheImage() throws {
        let image = try RootImage()
        #expect(try image.scratch.shell("grep -ac '\(RootImage.marker)' disk.img") != "0")
        try image.encrypt()
        #expect(try image.scratch.shell("grep -ac '\(RootImage.marker)' disk.img || true") == "0")
    }

    @Test func makesANewImageAndLeavesTheOldOneAlone() throws {
        let image = try RootImage()
        let before = try image.digest()
        let result = try image.encrypt(output: "new.img")
        #expect(result.path == image.scratch.file("new.img"))
        #expect(try image.digest() == before)
        try image.requireSameFiles(in: "new.img")
        #expect(!image.scratch.exists("new.img.sealroot") && !image.workFolderExists)
        try image.scratch.shell("cmp -n 9437184 disk.img new.img; sfdisk --verify new.img >/dev/null")
    }

    @Test func growsPartitionAndImageWhereTheFileSystemIsFull() throws {
        let image = try RootImage(fill: 52)
        let result = try image.encrypt()
        #expect(result.grownByteCount == 16 << 20)
        try image.requireSameFiles(mebibytes: 80)
        let verdict = try image.scratch.shell("sfdisk --verify disk.img 2>&1")
        #expect(verdict.contains("No errors detected"))
        #expect(try image.scratch.shell("sfdisk -d disk.img | grep -o 'size= *163840'") == "size=      163840")
        #expect(try image.scratch.shell("echo $(($(stat -c %s disk.img) % 1048576))") == "0")
    }

    @Test func growsIntoAGapBehindThePartition() throws {
        let after = "start=\(RootImage.startMebibyte + 64 + 16)MiB, size=2MiB, type=L, name=data"
        let image = try RootImage(fill: 52, trailing: 20, after: after)
        let size = try image.scratch.shell("stat -c %s disk.img")
        let result = try image.encrypt(output: "new.img")
        #expect(result.grownByteCount == 16 << 20)
        #expect(try image.scratch.shell("stat -c %s new.img") == size)
        try image.requireSameFiles(in: "new.img", mebibytes: 80)
    }

    @Test func refusesAFullPartitionThatAnotherFollows() throws {
        let after = "start=\(RootImage.startMebibyte + 64 + 15)MiB, size=2MiB, type=L, name=data"
        let image = try RootImage(fill: 52, trailing: 20, after: after)
        let before = try image.digest()
        #expect(throws: ImagingError.cannotGrow(partition: 2, needed: 16 << 20)) { try image.encrypt() }
        #expect(try image.digest() == before)
        #expect(!image.workFolderExists)
        #expect(!image.scratch.exists("key"))
    }

    @Test func readsImagesWithSectorsOf4096Bytes() throws {
        let image = try RootImage(sectorBytes: 4096)
        try image.encrypt()
        try image.requireSameFiles()
    }

    @Test func replaysTheJournalOfAFileSystemThatWasNotUnmounted() throws {
        let image = try RootImage()
        // One block of /etc/secret is changed in the journal only.
        try image.scratch.shell(
            """
            dd if=disk.img of=p bs=1M skip=9 count=64 status=none
            printf 'replayed' | dd of=block bs=4096 conv=sync status=none
            number=$(debugfs -R 'bmap /etc/secret 3' p 2>/dev/null)
            debugfs -w p >/dev/null 2>&1 <<COMMANDS
            journal_open
            journal_write -b $number block
            journal_close
            COMMANDS
            dumpe2fs -h p 2>/dev/null | grep -q needs_recovery
            dd if=p of=disk.img bs=1M seek=9 conv=notrunc status=none
            dd if=block of=tree/etc/secret bs=4096 seek=3 conv=notrunc status=none
            """)
        try image.encrypt()
        try image.requireSameFiles()
    }

    @Test func tellsHowFarItIsInEveryPhase() throws {
        let image = try RootImage()
        let seen = Recorder()
        let encryption = ImageEncryption(image: image.path)
        _ = try encryption.run(
            progress: {
                seen.add($0)
                return true
            }, announce: { (_, _) throws(ImagingError) in })
        var phases: [ImagingProgress.Phase] = []
        for step in seen.steps where phases.last != step.phase { phases.append(step.phase) }
        #expect(phases == ImagingProgress.Phase.allCases)
        for phase in [ImagingProgress.Phase.copy, .encrypt, .write] {
            let steps = seen.steps.filter { $0.phase == phase }
            #expect(steps.last.map { $0.done == $0.total && $0.total > 0 } == true)
            #expect(steps.map(\.done) == steps.map(\.done).sorted())
        }
    }
}

final class Recorder {
    private(set) var steps: [ImagingProgress] = []
    func add(_ step: ImagingProgress) { steps.append(step) }
}
