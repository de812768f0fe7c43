import Foundation
import TestSupport
import Testing

/// A folder with a chip in `state` and a disk in `disk` that has a shim to start; and programs in place of QEMU.
struct BootableScratch {
    static let program = Scratch.product("snp-emulator").path
    let scratch: Scratch

    init() throws {
        scratch = try EmulatedChip.scratch()
        try DebianImages.unpack(into: scratch)
        try scratch.shell(
            """
            mkdir -p esp/EFI/debian programs; mv shim esp/EFI/debian/shimx64.efi; mv grub esp/EFI/debian/grubx64.efi
            for name in setpriv swtpm qemu-img timeout bash; do ln -s "$(command -v $name)" programs/; done
            """)
        try Self.makeDisk(in: scratch)
    }

    /// A disk with one FAT partition of that type, an EFI system partition by default, that has the files of the folder
    /// `esp`.
    static func makeDisk(in scratch: Scratch, type: String = "U") throws {
        try scratch.shell(
            """
            rm -f part; mkfs.vfat -F 32 -s 1 -C part 40960 > /dev/null; mcopy -i part -s esp/* ::
            truncate -s 44M disk; printf 'label: gpt\\nsize=40MiB, type=\(type)\\n' | sfdisk -q disk
            dd if=part of=disk bs=1M seek=1 conv=notrunc status=none
            """)
    }

    /// Boots the disk.
    ///
    /// - Parameter qemu: a script of bash; nil for no QEMU at all.
    func boot(_ arguments: String..., qemu: String? = nil) throws -> CommandResult {
        if let qemu {
            try scratch.write(Array("#!/bin/bash\n\(qemu)\n".utf8), to: "programs/qemu-system-x86_64")
            try scratch.shell("chmod +x programs/qemu-system-x86_64")
        }
        // Without what the test's own process leaves open.
        let close = "for name in /proc/$$/fd/*; do fd=${name##*/}; ((fd > 2 && fd < 255)) && exec {fd}>&-; done"
        return try Command.run(
            ["bash", "-c", close + "; exec \"$@\"", "boot", "timeout", "-k", "5", "100", Self.program, "boot", "disk"]
                + ["--state", scratch.file("state")] + arguments,
            environment: ["LC_ALL": "C", "PATH": scratch.file("programs") + (qemu == nil ? "" : ":/usr/bin:/bin")],
            folder: scratch.path)
    }

    func expectNothingLeft() throws { try Self.expectNothingLeft(in: scratch) }

    /// Neither sockets nor processes.
    static func expectNothingLeft(in scratch: Scratch) throws {
        #expect(try ["", "guest.lock"].contains(scratch.shell("ls state/run")))
        #expect(try scratch.shell("pgrep -f '\(scratch.path)[/]state' || echo none") == "none")
    }
}
