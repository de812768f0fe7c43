import EventLog
import Foundation
import InstalledSystem
import TestSupport

@testable import Prediction

/// The demo system as a folder that a test may change: root, `/boot` and the EFI system partition.
struct DemoTree {
    let scratch: Scratch

    init() throws {
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

    func system(_ history: BootHistory) throws -> InstalledSystem {
        try InstalledSystem.open(root: scratch.path, devices: history.grubDevices)
    }

    func predict(_ history: BootHistory, kernel: String? = nil) throws -> Prediction {
        try Prediction.make(of: system(history), after: history, kernel: kernel)
    }

    /// With the log of the demo, and the firmware's variables if any.
    func predict(variables: [String: [UInt8]]? = nil, kernel: String? = nil) throws -> Prediction {
        try predict(DemoBoot.history(variables), kernel: kernel)
    }
}
