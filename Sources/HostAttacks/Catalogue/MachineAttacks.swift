extension Attack {
    /// What only shows where real firmware and the disk's own programs run.
    static let machineAttacks: [Attack] = [
        Attack(
            "grub-prompt", .boot, "takes GRUB its configuration, and types commands at the prompt that it gives then",
            "the unlock ends with 77: what GRUB was told is not what was sealed",
            inMachine: MachineAttack(
                MachineTrial(
                    preparation: "mdel -i disk.raw@@1M ::/EFI/debian/grub.cfg",
                    typed: """
                        \(DiskScript.bootPartition); kernel=\(DiskScript.kernel); initrd=\(DiskScript.initrd)
                        arguments=$(debugfs -R 'cat /grub/grub.cfg' "$boot" 2>/dev/null |
                            sed -n 's|^[[:space:]]*linux[[:space:]]*[^ ]* ||p' | head -n 1)
                        printf '%s\\r' 'set root=(hd0,gpt2)' "linux $kernel $arguments" "initrd $initrd" boot
                        """),
                exit: 77, naming: "PCR 8"))
    ]
}

extension MachineAttack {
    static let addToInitrd = MachineAttack(
        MachineTrial(
            preparation: DiskScript.editBoot(
                DiskScript.initrd, "echo evil >evil; echo evil | cpio -o -H newc >>edited 2>log")),
        exit: 77, naming: "PCR 9")

    /// The initrd is to give a shell before sealroot-init runs; it restarts in place of that, as its own panic= says.
    static let breakArgument: MachineAttack = {
        let trial = MachineTrial(
            preparation: DiskScript.addArgument("break=premount")
                + DiskScript.editBoot("/grub/grub.cfg", "sed -i 's/ panic=[0-9]*//' edited"),
            success: "(initramfs)", refusal: "Rebooting automatically due to panic=")
        return MachineAttack(trial, exit: nil, naming: trial.refusal)
    }()

    static let initArgument = MachineAttack(
        MachineTrial(preparation: DiskScript.addArgument("init=/bin/sh")), exit: 77,
        naming: "argument 'init=/bin/sh' is not allowed")

    static let resignedGRUB = signature(
        DiskScript.editESP("/EFI/BOOT/grubx64.efi", DiskScript.resign), refusal: "Security Violation")
    static let resignedKernel = signature(
        DiskScript.editBoot(DiskScript.kernel, DiskScript.resign), refusal: "bad shim signature")

    /// Debian's GRUB then starts the kernel past its stub, which would have handed on the firmware's log. That it was
    /// Secure Boot, PCR 7 tells.
    static let secureBootOff = MachineAttack(
        MachineTrial().withoutSecureBoot, exit: 77, naming: "no event log")

    static let freshTPM = MachineAttack(
        trial: MachineTrial(preparation: "rm -rf state/vtpm"), exitCode: 77, reason: "another TPM",
        control: .impossible("no check refuses it: the key that opens the sealed secret has never been in that TPM"))

    /// Another byte in the free space of the firmware's volume, which nobody reads.
    static let swapFirmware: MachineAttack = {
        let other = """
            cp \(BootedMachine.firmware) other.fd
            [ "$(dd if=other.fd bs=1 skip=2097152 count=1 status=none | xxd -p)" = ff ]
            printf x | dd of=other.fd bs=1 seek=2097152 conv=notrunc status=none

            """
        let trial = MachineTrial(
            preparation: other,
            options: ["--firmware", "other.fd", "--vars", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"])
        var own = trial
        own.preparation += "rm -rf state/vtpm\n" + BootedMachine.enrol(under: "other.fd")
        return MachineAttack(
            trial: trial, exitCode: 77, reason: "another launch",
            control: .through(own, "a vTPM and a volume of that launch"))
    }()

    /// The control is the same on a machine whose owner is careless.
    fileprivate init(_ trial: MachineTrial, exit code: Int32?, naming reason: String) {
        self.init(
            trial: trial, exitCode: code, reason: reason,
            control: .through(trial, "a volume sealed to PCR 12 only, and no check of the boot"))
    }

    private static func signature(_ change: String, refusal: String) -> MachineAttack {
        let trial = MachineTrial(preparation: DiskScript.makeKey + change, refusal: refusal)
        var unverified = trial.withoutSecureBoot
        unverified.refusal = MachineTrial().refusal
        return MachineAttack(
            trial: trial, exitCode: nil, reason: refusal,
            control: .through(unverified, "Secure Boot off, a volume sealed to PCR 12 only, and no check of the boot"))
    }
}
