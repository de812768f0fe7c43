import Foundation
import Imaging
import JSON
import TestSupport

/// An image as an installer makes it: ESP, and a root whose files lie in the folder `tree`.
final class RootImage: Sendable {
    static let marker = "no line of this file may be readable in the encrypted image"
    static let startMebibyte = 9

    let scratch: Scratch
    let rootMebibytes: Int

    var path: String { scratch.file("disk.img") }
    var workFolderExists: Bool { scratch.exists("disk.img.sealroot") }

    /// - Parameters:
    ///   - fill: MiB of a file that takes room in the root.
    ///   - after: lines for sfdisk that follow the root's.
    ///   - root: sfdisk's type and name of the root.
    init(
        rootMebibytes: Int = 64, fill: Int = 2, blockBytes: Int = 4096, trailing: Int = 1, after: String = "",
        root: String = "type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root", sectorBytes: Int = 512
    ) throws {
        scratch = try Scratch()
        self.rootMebibytes = rootMebibytes
        try scratch.shell(
            """
            mkdir -p tree/etc tree/usr
            yes '\(Self.marker)' | head -c 1M > tree/etc/secret
            head -c \(fill)M /dev/urandom > tree/usr/blob
            ln -s ../etc/secret tree/usr/link
            chmod 640 tree/etc/secret
            truncate -s \(Self.startMebibyte + rootMebibytes + trailing)M disk.img
            cat > table <<'TABLE'
            label: gpt
            start=1MiB, size=8MiB, type=U, name=esp
            start=\(Self.startMebibyte)MiB, size=\(rootMebibytes)MiB, \(root)
            \(after)
            TABLE
            printf 'I\\ntable\\nw\\n' | fdisk -b \(sectorBytes) disk.img >/dev/null 2>&1
            rm table
            head -c 8M /dev/urandom | dd of=disk.img bs=1M seek=1 conv=notrunc status=none
            truncate -s \(rootMebibytes)M root.ext4
            mkfs.ext4 -q -F -b \(blockBytes) -d tree root.ext4
            dd if=root.ext4 of=disk.img bs=1M seek=\(Self.startMebibyte) conv=notrunc,sparse status=none
            rm root.ext4
            """)
    }

    func digest() throws -> String { try scratch.shell("sha256sum < disk.img") }

    /// Encrypts in this process, with the recovery key in the file `key`.
    @discardableResult
    func encrypt(
        partition: String? = nil, output: String? = nil, keyFile: String? = "key", isResumed: Bool = false
    ) throws(ImagingError) -> EncryptedImage {
        let encryption = ImageEncryption(
            image: path, partition: partition, output: output.map(scratch.file),
            recoveryKeyFile: keyFile.map(scratch.file), isResumed: isResumed)
        return try encryption.run(progress: { _ in true }, announce: { (_, _) throws(ImagingError) in })
    }

    /// Lets cryptsetup alone open the root with `key` and decrypt it, checks the file system, and compares
    /// every file with `tree`. Any difference is an error.
    func requireSameFiles(in image: String = "disk.img", mebibytes: Int? = nil) throws {
        try scratch.shell(
            """
            rm -rf root.luks root.header out
            dd if=\(image) of=root.luks bs=1M skip=\(Self.startMebibyte) count=\(mebibytes ?? rootMebibytes) status=none
            cryptsetup open --test-passphrase --key-file key root.luks
            cryptsetup reencrypt --decrypt --force-offline-reencrypt --header root.header --batch-mode \
                --key-file key root.luks >/dev/null
            e2fsck -fn root.luks >/dev/null 2>&1
            mkdir out
            debugfs -R 'rdump / out' root.luks 2>/dev/null
            rmdir out/lost+found
            diff -r --no-dereference tree out
            test "$(stat -c %a out/etc/secret)" = 640
            rm -rf root.luks root.header out
            """)
    }

    /// The LUKS2 metadata of the root as cryptsetup reads it.
    func metadata() throws -> JSONValue {
        let text = try scratch.shell(
            """
            dd if=disk.img of=root.luks bs=1M skip=\(Self.startMebibyte) count=\(rootMebibytes) status=none
            cryptsetup luksDump --dump-json-metadata root.luks
            rm root.luks
            """)
        return try JSONValue(parsing: text)
    }
}
