extension Attack {
    /// At the signatures of the programs that start the guest, and at the variables that say whose signatures count.
    static let secureBootAttacks: [Attack] =
        [("shim", "firmware"), ("grub", "shim"), ("kernel", "shim")].flatMap { program, judge in
            [
                signature("unsigned-" + program, "takes the signatures off " + name(program), judge, program, "unsign"),
                signature(
                    "resigned-" + program, "signs \(name(program)) with a key of its own", judge, program, "resign"),
            ]
        } + [
            variables(
                "secure-boot-off", "switches Secure Boot off", naming: "Secure Boot is off", .secureBootOff,
                sealedTo: "8,9,12,14"),
            variables(
                "own-db-certificate", "puts its own certificate into db, and signs GRUB with its key", naming: "grub",
                .allowOwn, change("grub", DiskScript.resign), sealedTo: "8,9,12,14"),
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

    private static func name(_ program: String) -> String {
        program == "grub" ? "GRUB" : program == "kernel" ? "the kernel" : program
    }

    private static func change(_ program: String, _ script: String) -> String {
        switch program {
        case "shim": DiskScript.editESP("/EFI/BOOT/BOOTX64.EFI", script)
        case "grub": DiskScript.editESP("/EFI/BOOT/grubx64.efi", script)
        default: DiskScript.editBoot(DiskScript.kernel, script)
        }
    }

    private static func culprit(_ program: String) -> String {
        switch program {
        case "shim": "BOOTX64.EFI: the firmware will not start it"
        case "grub": "grubx64.efi: no certificate"
        default: ": no certificate"
        }
    }

    private static func signature(
        _ name: String, _ summary: String, _ judge: String, _ program: String, _ action: String
    ) -> Attack {
        let script = action == "unsign" ? DiskScript.unsign : DiskScript.resign
        let trial = Trial(
            preparation: DiskScript.makeKey, provider: nil, hasDisk: true, diskChange: change(program, script),
            isBootChecked: true)
        var unchecked = trial.bootUnchecked
        unchecked.variables = .secureBootOff
        return Attack(
            name, .boot, summary, "the guest does not start, 77: \(judge) does not accept it", exit: 77,
            naming: culprit(program), trial,
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
