extension Attack {
    /// At the signatures of the programs that start the guest, and at the variables that say whose signatures count.
    static let secureBootAttacks: [Attack] =
        [
            signature("unsigned-shim", "takes the signatures off shim", .shim, DiskScript.unsign),
            signature("resigned-shim", "signs shim with a key of its own", .shim, DiskScript.resign),
            signature("unsigned-grub", "takes the signature off GRUB", .grub, DiskScript.unsign),
            signature("resigned-grub", "signs GRUB with a key of its own", .grub, DiskScript.resign)
                .inMachine(.resignedGRUB),
            signature("unsigned-kernel", "takes the signature off the kernel", .kernel, DiskScript.unsign),
            signature("resigned-kernel", "signs the kernel with a key of its own", .kernel, DiskScript.resign)
                .inMachine(.resignedKernel),
            variables(
                "secure-boot-off", "switches Secure Boot off", naming: "Secure Boot is off", .secureBootOff,
                sealedTo: "8,9,12,14"
            ).inMachine(.secureBootOff),
            variables(
                "own-db-certificate", "puts its own certificate into db, and signs GRUB with its key", naming: "grub",
                .allowOwn, Program.grub.edit(DiskScript.resign), sealedTo: "8,9,12,14"),
            variables(
                "empty-dbx", "empties dbx, so that what was revoked boots again", naming: "secure-boot is refused: dbx",
                .forbidNothing),
            variables(
                "own-mok", "puts its own certificate into shim's list MokList", naming: "mok is refused: MokList",
                .enrollOwn,
                sealedTo: "4,7,8,9,12"),
            variables(
                "lower-sbat-level", "has shim start versions again that SBAT has revoked", naming: "sbat is refused",
                .lowerLevel),
        ]

    /// What starts the guest.
    private enum Program {
        case shim, grub, kernel

        /// A script that changes it on the disk.
        func edit(_ script: String) -> String {
            switch self {
            case .shim: DiskScript.editESP("/EFI/BOOT/BOOTX64.EFI", script)
            case .grub: DiskScript.editESP("/EFI/BOOT/grubx64.efi", script)
            case .kernel: DiskScript.editBoot(DiskScript.kernel, script)
            }
        }

        var refusal: String {
            switch self {
            case .shim: "BOOTX64.EFI: the firmware will not start it"
            case .grub: "grubx64.efi: no certificate"
            case .kernel: ": no certificate"
            }
        }
    }

    private static func signature(_ name: String, _ summary: String, _ program: Program, _ script: String) -> Attack {
        let trial = Trial(
            preparation: DiskScript.makeKey, provider: nil, hasDisk: true, diskChange: program.edit(script),
            isBootChecked: true)
        var unchecked = trial.bootUnchecked
        unchecked.variables = .secureBootOff
        return Attack(
            name, .boot, summary,
            "the guest does not start, 77: \(program == .shim ? "the firmware" : "shim") does not accept it",
            exit: 77, naming: program.refusal, trial,
            control: .through(
                unchecked, "Secure Boot off, a volume sealed to PCR 12,14 only, and the check of the boot off",
                Enrolment(arguments: "--pcrs 12,14", hasDisk: true)),
            on: Enrolment(hasDisk: true))
    }

    private static func variables(
        _ name: String, _ summary: String, naming reason: String, _ variables: VariableChange,
        _ change: String? = nil, sealedTo pcrs: String = "4,8,9,12,14"
    ) -> Attack {
        let trial = Trial(
            preparation: DiskScript.makeKey, provider: nil, hasDisk: true, diskChange: change, variables: variables,
            isBootChecked: true)
        return Attack(
            name, .boot, summary, "the unlock ends with 77: what has changed is named", exit: 77, naming: reason, trial,
            control: .through(
                trial.bootUnchecked, "a volume sealed to PCR \(pcrs) only, and the check of the boot off",
                Enrolment(arguments: "--pcrs " + pcrs, hasDisk: true)),
            on: Enrolment(hasDisk: true))
    }
}
