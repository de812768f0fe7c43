import Foundation

/// The demo system as a folder that a test may change: root, `/boot` and the EFI system partition. Needs `make image`.
public struct InstalledTree {
    public let scratch: Scratch
    public var path: String { scratch.path }

    public init() throws {
        scratch = try Scratch()
        try DebianImages.unpackTree(into: scratch)
        try scratch.shell(
            """
            mkdir -p boot/efi/EFI/BOOT boot/efi/EFI/debian
            for name in BOOT/BOOTX64.EFI debian/shimx64.efi; do
                cp usr/lib/shim/shimx64.efi.signed boot/efi/EFI/$name
            done
            for name in BOOT/grubx64.efi debian/grubx64.efi; do
                cp usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed boot/efi/EFI/$name
            done
            printf 'search.fs_uuid %s root\\nset prefix=($root)'"'/grub'"'\\nconfigfile $prefix/grub.cfg\\n' \\
                5ea12007-b007-4000-8000-000000000002 > boot/efi/EFI/debian/grub.cfg
            printf 'UUID=5ea12007-b007-4000-8000-000000000002 /boot ext4 defaults 0 0\\n' > etc/fstab
            printf 'UUID=5EA1-2007 /boot/efi vfat umask=0077 0 0\\n' >> etc/fstab
            """)
    }
}
