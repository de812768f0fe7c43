/// A whole virtual machine as its owner has set it up: the state folder of its chip, and its disk as far as it matters up to
/// the unlock. Each trial is one boot of a copy.
struct BootedMachine {
    enum Owner: Hashable {
        /// The disk is as `make image` has made it for this machine.
        case careful
        /// A volume that is sealed to PCR 12 only, which no boot changes before; neither boot nor TPM is checked, and
        /// the initrd gives a shell.
        case careless
    }

    private let folder: MachineFolder
    private let shell: HostShell

    /// The firmware that `snp-emulator boot` runs where none is named.
    static let firmware = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
    /// Seconds for one boot, which takes less than a minute on an idle machine.
    private static let patience = "600"

    static func make(
        _ owner: Owner, chip: String, disk: BootDisk, _ programs: AttackPrograms
    ) throws(AttackRunError) -> BootedMachine {
        let machine = try BootedMachine(programs, disk)
        let copied = try machine.shell.run(["cp", "-a", "--", chip, "state"])
        try HostShell.require(copied, step: "copying the chip")
        try machine.shell.succeed(
            DiskScript.copyWithHeader + (owner == .careless ? careless : ""), step: "making the machine")
        return machine
    }

    private init(_ programs: AttackPrograms, _ disk: BootDisk) throws(AttackRunError) {
        folder = try MachineFolder()
        shell = HostShell(folder: folder.path, programs: programs, disk: disk)
    }

    /// The same machine once more.
    func copy(_ disk: BootDisk) throws(AttackRunError) -> BootedMachine {
        let copy = try BootedMachine(shell.programs, disk)
        let copied = try shell.run(["cp", "-a", "--", folder.path + "/.", copy.folder.path])
        try HostShell.require(copied, step: "copying the machine")
        return copy
    }

    /// Runs a trial to its end.
    func run(_ trial: MachineTrial) throws(AttackRunError) -> HostShell.Result {
        try shell.succeed(trial.preparation, step: "preparing the attack")
        return try shell.run(["sh", "-euc", trial.script], patience: Self.patience)
    }

    /// Its volume is enrolled in a guest of `exec`, which is the same launch. The initrd gets another archive behind its
    /// own, whose files count.
    private static let careless =
        enrol(under: firmware)
        + DiskScript.editBoot(
            DiskScript.initrd,
            """
            mkdir -p tree/etc/sealroot tree/scripts/panic tree/conf/conf.d; echo panic= >tree/conf/conf.d/sealroot
            printf '%s\\n' 'device = PARTLABEL=root' 'mapping = root' 'unenrolled = refuse' 'boot-check = off' \
                >tree/etc/sealroot/init.conf
            echo 'exit 0' >tree/scripts/panic/sealroot; chmod 755 tree/scripts/panic/sealroot
            truncate -s %4 edited; (cd tree; find . -type f | cpio -o -H newc -R 0:0) >>edited 2>log
            """)

    /// Puts a new volume, enrolled under that firmware, in the place of the root.
    static func enrol(under firmware: String) -> String {
        """
        printf 'correct horse' >key; truncate -s 32M volume
        cryptsetup -q luksFormat --type luks2 --cipher aes-xts-plain64 --key-size 512 --pbkdf pbkdf2 \
            --pbkdf-force-iterations 1000 --key-file key volume
        "$emulator" exec --state state --ovmf \(firmware) -- \
            "$sealroot" enroll "$PWD/volume" --key-file key --state keys --pcrs 12 >enrolled
        dd if=volume of=disk.raw bs=1M seek=257 conv=notrunc,sparse status=none

        """
    }
}
