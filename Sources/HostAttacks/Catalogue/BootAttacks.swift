extension Attack {
    /// At what is on the disk before the volume: all of it passes Secure Boot, since nobody signs configurations and initrds.
    static let bootAttacks: [Attack] = [
        commandLine("break-argument", "break=premount", "have the initrd open a shell"),
        commandLine("init-argument", "init=/bin/sh", "have the kernel start a shell"),
        commandLine("cryptopts-argument", "cryptopts=target=root,source=/dev/sdb", "have the initrd open another disk"),
        boot(
            "edit-grub-configuration", "adds a line to GRUB's configuration", naming: "PCR 9",
            edit("/grub/grub.cfg", "echo 'set evil=1' >>edited"), isChecked: false),
        boot(
            "add-to-initrd", "adds a file to the initrd", naming: "PCR 9",
            edit(
                #"/$(debugfs -R "ls -p /" "$boot" 2>/dev/null | tr / '\n' | grep '^initrd.img' | head -n 1)"#,
                "echo evil >evil; echo evil | cpio -o -H newc >>edited 2>log"), isChecked: false),
    ]

    private static func commandLine(_ name: String, _ argument: String, _ purpose: String) -> Attack {
        boot(
            name, "adds \(argument) to the kernel's command line, to " + purpose,
            naming: "argument '\(argument)' is not allowed",
            edit("/grub/grub.cfg", "sed -i 's|^\\([[:space:]]*linux .*\\)$|\\1 \(argument)|' edited"), isChecked: true)
    }

    /// - Parameter isChecked: whether the check of the boot names it; else it is the TPM's policy.
    private static func boot(
        _ name: String, _ summary: String, naming reason: String, _ change: String, isChecked: Bool
    ) -> Attack {
        let trial = Trial(provider: nil, hasDisk: true, diskChange: change, isBootChecked: true)
        let outcome = isChecked ? "the argument is named" : "the TPM unseals nothing, and the PCR is named"
        return Attack(
            name, .boot, summary, "the unlock ends with 77: " + outcome, exit: 77, naming: reason, trial,
            control: .through(
                trial.bootUnchecked, "a policy without PCR 8 and 9, and the check of the boot off",
                Enrolment(arguments: "--pcrs 4,7,12,14", hasDisk: true)),
            on: Enrolment(hasDisk: true))
    }

    /// Changes a file of the partition that `make image` puts 65 MiB into the disk.
    private static func edit(_ path: String, _ change: String) -> String {
        """
        boot="disk.raw?offset=$((65 << 20))"; file=\(path)
        debugfs -R "dump $file edited" "$boot" 2>/dev/null
        cp edited before; \(change); ! cmp -s edited before
        debugfs -w -R "rm $file" "$boot" 2>/dev/null
        debugfs -w -R "write edited $file" "$boot" >/dev/null 2>&1
        """
    }
}
