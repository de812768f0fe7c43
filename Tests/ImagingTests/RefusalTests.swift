import Foundation
import Imaging
import InitramfsRuntime
import PartitionTable
import TestSupport
import Testing

/// What encrypt-image will not do; each time the image stays as it was, and nothing is left beside it.
@Suite(.serialized) struct RefusalTests {
    /// Expects `error` from a run, and an image without a trace of it.
    private func expect(
        _ error: ImagingError, code: ExitCode, from image: RootImage, partition: String? = nil, output: String? = nil,
        isResumed: Bool = false, location: SourceLocation = #_sourceLocation
    ) throws {
        let before = try image.digest()
        #expect(throws: error, sourceLocation: location) {
            try image.encrypt(partition: partition, output: output, isResumed: isResumed)
        }
        #expect(error.exitCode == code, sourceLocation: location)
        #expect(try image.digest() == before, sourceLocation: location)
        #expect(!image.workFolderExists, sourceLocation: location)
    }

    @Test func refusesAVolumeThatIsEncryptedAlready() throws {
        let image = try RootImage()
        try image.encrypt(keyFile: "first")
        try expect(.notExt4(partition: 2, found: "a LUKS2 volume"), code: .malformed, from: image)
    }

    @Test(arguments: [
        ("mkfs.vfat -F 32 p", "a FAT file system"), ("mkswap -q p", "swap space"),
        ("dd if=/dev/zero of=p bs=1M count=64 status=none", "nothing that is known here"),
        (
            "cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 --key-file /etc/os-release p",
            "a LUKS1 volume"
        ),
    ])
    func namesWhatIsInThePartitionInstead(_ command: String, _ found: String) throws {
        let image = try RootImage()
        try image.scratch.shell(
            """
            truncate -s 64M p
            \(command) >/dev/null 2>&1
            dd if=p of=disk.img bs=1M seek=9 conv=notrunc status=none
            """)
        try expect(.notExt4(partition: 2, found: found), code: .malformed, from: image)
    }

    @Test func refusesAnImageWithoutATable() throws {
        let image = try RootImage()
        try image.scratch.shell("dd if=/dev/zero of=disk.img bs=512 seek=1 count=1 conv=notrunc status=none")
        try expect(.table(.notGPT), code: .malformed, from: image)
    }

    /// Also where the other copy is whole: what fdisk would repair is not this program's to guess.
    @Test func refusesAnImageWithOneBrokenCopyOfTheTable() throws {
        for (offset, copy) in [
            ("516", PartitionTableError.Copy.primary), ("$(($(stat -c %s disk.img) - 508))", .backup),
        ] {
            let image = try RootImage()
            try image.scratch.shell("printf 'X' | dd of=disk.img bs=1 seek=\(offset) conv=notrunc status=none")
            let error: PartitionTableError = copy == .primary ? .notGPT : .signature(.backup)
            try expect(.table(error), code: .malformed, from: image)
        }
    }

    @Test func refusesAnImageThatAnotherProgramHasLocked() throws {
        let image = try RootImage()
        let holder = Process()
        holder.executableURL = URL(filePath: "/bin/sh")
        holder.arguments = ["-c", "flock -x '\(image.path)' sh -c 'echo held; read -r line'"]
        let input = Pipe()
        let output = Pipe()
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        #expect(output.fileHandleForReading.readData(ofLength: 5) == Data("held\n".utf8))
        try expect(.inUse(image.path), code: .missing, from: image)
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        #expect(throws: Never.self) { try image.encrypt() }
    }

    /// QEMU takes no flock(2) lock but open-file-description locks on single bytes, shared ones too.
    @Test func refusesAnImageThatQEMUHasOpen() throws {
        let image = try RootImage()
        let holder = Process()
        holder.executableURL = URL(filePath: "/usr/bin/qemu-system-x86_64")
        holder.arguments = [
            "-machine", "none", "-nodefaults", "-display", "none", "-monitor", "stdio",
            "-drive", "if=none,format=raw,file=\(image.path)",
        ]
        let input = Pipe()
        let output = Pipe()
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        // The monitor greets when every drive is open.
        #expect(!output.fileHandleForReading.readData(ofLength: 4).isEmpty)
        let before = try image.scratch.shell("stat -c '%s %Y' disk.img")
        #expect(throws: ImagingError.inUse(image.path)) { try image.encrypt() }
        #expect(try image.scratch.shell("stat -c '%s %Y' disk.img") == before)
        try input.fileHandleForWriting.write(contentsOf: Data("quit\n".utf8))
        holder.waitUntilExit()
        #expect(throws: Never.self) { try image.encrypt() }
    }

    @Test func overwritesNeitherAnImageNorAKeyFile() throws {
        let image = try RootImage()
        try image.scratch.shell("echo other > new.img; echo other > key")
        try expect(.exists(image.scratch.file("key")), code: .usage, from: image)
        try image.scratch.shell("rm key")
        try expect(.exists(image.scratch.file("new.img")), code: .usage, from: image, output: "new.img")
        #expect(try image.scratch.shell("cat new.img") == "other")
    }

    @Test func refusesWhatIsNoFile() throws {
        let missing = FileError(.open, "/nonexistent/disk.img", errno: 2)
        #expect(throws: ImagingError.file(missing)) { try run("/nonexistent/disk.img") }
        #expect(ImagingError.file(missing).exitCode == .missing)
        #expect(throws: ImagingError.notRegularFile("/dev/null")) { try run("/dev/null") }
        #expect(throws: ImagingError.file(FileError(.open, "/tmp", errno: 21))) { try run("/tmp") }
    }

    private func run(_ path: String) throws(ImagingError) {
        _ = try ImageEncryption(image: path).run(
            progress: { _ in true }, announce: { (_, _) throws(ImagingError) in })
    }

    /// A hole of 15 TiB has no room on any disk of a test machine once it is encrypted.
    @Test func asksForTheSpaceBeforeItBegins() throws {
        let image = try RootImage()
        try image.scratch.shell(
            """
            truncate -s 15T disk.img
            dd if=disk.img of=root.ext4 bs=1M skip=9 count=64 status=none
            printf 'label: gpt\\nstart=9MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root\\n' | sfdisk -q --wipe never disk.img 2>/dev/null
            """)
        do throws(ImagingError) {
            try image.encrypt()
            Issue.record("15 TiB fitted")
        } catch {
            guard case .noSpace(_, let needed, let available) = error else { throw error }
            #expect(needed > 15 << 40)
            #expect(available < needed)
            #expect(error.exitCode == .inputOutput)
        }
        #expect(!image.workFolderExists)
    }

    @Test func repairsNothingThatE2fsckWouldAskAbout() throws {
        let image = try RootImage()
        // The root directory's inode as a plain file: no repair is safe without a decision.
        try image.scratch.shell(
            """
            dd if=disk.img of=p bs=1M skip=9 count=64 status=none
            debugfs -w -R 'set_inode_field <2> mode 0100644' p >/dev/null 2>&1
            dd if=p of=disk.img bs=1M seek=9 conv=notrunc status=none
            """)
        let before = try image.digest()
        do throws(ImagingError) {
            try image.encrypt()
            Issue.record("a broken file system was accepted")
        } catch {
            guard case .toolFailed("e2fsck", let status, let message) = error else { throw error }
            #expect(status == 4)
            #expect(message.contains("UNEXPECTED INCONSISTENCY"))
        }
        #expect(try image.digest() == before)
        #expect(!image.workFolderExists)
    }

    @Test func saysThatThereIsNothingToResume() throws {
        let image = try RootImage()
        let error = ImagingError.nothingToResume(folder: image.path + ".sealroot")
        try expect(error, code: .usage, from: image, isResumed: true)
    }

    @Test func leavesTheImageAloneWhenTheKeyCannotBeDelivered() throws {
        let image = try RootImage()
        let before = try image.digest()
        let broken = ImagingError.file(FileError(.write, "standard output", errno: 32))
        #expect(throws: broken) {
            try ImageEncryption(image: image.path).run(
                progress: { _ in true }, announce: { (_, _) throws(ImagingError) in throw broken })
        }
        let folder = FileError(.create, image.scratch.file("missing/key"), errno: 2)
        #expect(throws: ImagingError.file(folder)) { try image.encrypt(keyFile: "missing/key") }
        #expect(try image.digest() == before)
        #expect(!image.workFolderExists)
    }
}
