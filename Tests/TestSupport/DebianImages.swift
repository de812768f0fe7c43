import Foundation

/// The EFI programs that Debian signed, out of the root of the demo image (`make image`), not part of the repository.
public enum DebianImages {
    /// `$SEALROOT_IMAGES`, else `.build/images` of the package.
    private static let folder: URL = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let given = ProcessInfo.processInfo.environment["SEALROOT_IMAGES"]
        return given.map { URL(filePath: $0) } ?? package.appending(path: ".build/images")
    }()

    private static let archive: String? = {
        guard let path = file("root.tar") else {
            let line =
                "SKIPPED: no root.tar in \(folder.path()); run 'make image' for the tests that need Debian's boot programs\n"
            FileHandle.standardError.write(Data(line.utf8))
            return nil
        }
        return path
    }()

    /// The path of one of the files that `make image` makes; nil where it is not there.
    public static func file(_ name: String) -> String? {
        let path = folder.appending(path: name).path()
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// For `.enabled(if:)`: a test that needs them is skipped, and reported as such, without the image.
    public static var isPresent: Bool { archive != nil }

    /// Unpacks shim, GRUB and the kernel into `folder` as `shim`, `shim-unsigned`, `grub` and `kernel`.
    public static func unpack(into folder: Scratch) throws {
        guard let archive else { throw CocoaError(.fileNoSuchFile) }
        try folder.shell(
            """
            tar -xf \(archive) --wildcards './boot/vmlinuz-*' ./usr/lib/shim/shimx64.efi ./usr/lib/shim/shimx64.efi.signed \\
                ./usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
            mv usr/lib/shim/shimx64.efi.signed shim
            mv usr/lib/shim/shimx64.efi shim-unsigned
            mv usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed grub
            mv boot/vmlinuz-* kernel
            """)
    }

    /// Unpacks the boot files of the root into `folder`, where they lie in it: `boot`, shim, GRUB and fstab.
    public static func unpackTree(into folder: Scratch) throws {
        guard let archive else { throw CocoaError(.fileNoSuchFile) }
        try folder.shell("tar -xf \(archive) ./boot ./usr/lib/shim ./usr/lib/grub/x86_64-efi-signed ./etc/fstab")
    }
}
