import Foundation

/// The EFI programs that Debian signed, out of the root of the demo image (`make image`), not part of the repository.
public enum DebianImages {
    private static let archive: String? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let path = package.appending(path: ".build/images/root.tar").path()
        guard FileManager.default.fileExists(atPath: path) else {
            let line = "SKIPPED: no \(path); run 'make image' for the tests that need Debian's boot programs\n"
            FileHandle.standardError.write(Data(line.utf8))
            return nil
        }
        return path
    }()

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
}
