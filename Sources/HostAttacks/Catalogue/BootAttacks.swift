extension Attack {
    /// At what is on the disk before the volume: all of it passes Secure Boot, since nobody signs configurations and initrds.
    static let bootAttacks: [Attack] = [
        commandLine("break-argument", "break=premount", "have the initrd open a shell").inMachine(.breakArgument),
        commandLine("init-argument", "init=/bin/sh", "have the kernel start a shell").inMachine(.initArgument),
        commandLine("cryptopts-argument", "cryptopts=target=root,source=/dev/sdb", "have the initrd open another disk"),
        boot(
            "edit-grub-configuration", "adds a line to GRUB's configuration",
            "the TPM unseals nothing, and the PCR is named", naming: "PCR 9",
            DiskScript.editBoot("/grub/grub.cfg", "echo 'set evil=1' >>edited")),
        boot(
            "add-to-initrd", "adds a file to the initrd", "the TPM unseals nothing, and the PCR is named",
            naming: "PCR 9",
            DiskScript.editBoot(DiskScript.initrd, "echo evil >evil; echo evil | cpio -o -H newc >>edited 2>log")
        ).inMachine(.addToInitrd),
        boot(
            "other-signed-kernel", "boots another kernel that Debian has signed, for clouds, in place of the owner's",
            "the kernel is named", naming: "kernel", DiskScript.editBoot(DiskScript.kernel, otherKernel),
            sealedTo: "7,12,14"),
    ]

    private static func commandLine(_ name: String, _ argument: String, _ purpose: String) -> Attack {
        boot(
            name, "adds \(argument) to the kernel's command line, to " + purpose, "the argument is named",
            naming: "argument '\(argument)' is not allowed",
            DiskScript.addArgument(argument))
    }

    /// - Parameter pcrs: those that the control's volume is sealed to.
    private static func boot(
        _ name: String, _ summary: String, _ outcome: String, naming reason: String, _ change: String,
        sealedTo pcrs: String = "4,7,12,14"
    ) -> Attack {
        let trial = Trial(provider: nil, hasDisk: true, diskChange: change, isBootChecked: true)
        return Attack(
            name, .boot, summary, "the unlock ends with 77: " + outcome, exit: 77, naming: reason, trial,
            control: .through(
                trial.bootUnchecked, "a volume sealed to PCR \(pcrs) only, and the check of the boot off",
                Enrolment(arguments: "--pcrs " + pcrs, hasDisk: true)),
            on: Enrolment(hasDisk: true))
    }

    /// The image has its package, in the root, which is not encrypted yet on the disk that `make image` made.
    private static let otherKernel = #"""
        root="$disk?offset=$((257 << 20))"; folder=/opt/second-kernel
        package=$(debugfs -R "ls -p $folder" "$root" 2>/dev/null | tr / '\n' | grep '[.]deb$')
        debugfs -R "dump $folder/$package package" "$root" 2>/dev/null
        dpkg-deb --fsys-tarfile package | tar -xO --wildcards './boot/vmlinuz-*' >edited
        """#
}
