internal import InitramfsRuntime

/// A confidential machine of processes: a guest of `snp-emulator exec` on an emulated chip, with a volume that was
/// enrolled in it. Each trial is one boot of it.
struct AttackedMachine {
    let folder: MachineFolder
    private let disk: BootDisk?
    let shell: HostShell

    /// PCRs as a boot would have left them; the vTPM of each boot begins with zeros.
    static let measure =
        "tpm2_pcrextend "
        + [4, 7, 8, 9, 14].map { "\($0):sha256=" + String(repeating: "0\($0 % 10)", count: 32) }.joined(separator: " ")
        + "\n"

    /// Starts a TPM of the host's, which ends with the guest that uses it.
    private static let hostTPM = """
        mkdir -p tpm
        swtpm socket --daemon --tpm2 --tpmstate dir="$PWD/tpm" --server type=unixio,path="$PWD/tpm.sock" \
            --ctrl type=unixio,path="$PWD/tpm.sock.ctrl" --flags not-need-init,startup-clear
        export TPM2TOOLS_TCTI="swtpm:path=$PWD/tpm.sock" SEALROOT_TCTI="swtpm:path=$PWD/tpm.sock"

        """

    /// Keys cost next to nothing, so that a run is quick.
    private static let format = """
        rm -rf state/vtpm; head -c 8192 /dev/urandom >guest.fd; head -c 8192 /dev/urandom >other.fd
        printf 'correct horse' >key; truncate -s 32M volume
        cryptsetup -q luksFormat --type luks2 --cipher aes-xts-plain64 --key-size 512 --pbkdf pbkdf2 \
            --pbkdf-force-iterations 1000 --key-file key volume

        """

    /// What the owner keeps of a boot of the disk, to compare others with.
    private static let remember = """
        cat /sys/kernel/security/tpm0/binary_bios_measurements >log
        "$sealroot" reference create --image "$disk" --eventlog log --output reference.json

        """

    /// A boot from a disk has measured already.
    private static func start(_ tpm: TPMPlace, hasDisk: Bool) -> String {
        (tpm == .host ? hostTPM : "") + (hasDisk ? "" : measure)
    }

    /// Makes the machine on a copy of `chip` and enrols its volume.
    static func make(
        _ enrolment: Enrolment, chip: String, disk: BootDisk?, _ programs: AttackPrograms
    ) throws(AttackRunError) -> AttackedMachine {
        let machine = try AttackedMachine(programs, disk)
        let copied = try machine.shell.run(["cp", "-a", "--", chip, "state"])
        try HostShell.require(copied, step: "copying the chip")
        try machine.shell.succeed(format + enrolment.preparation, step: "making the machine")
        let enrol =
            start(enrolment.tpm, hasDisk: enrolment.hasDisk) + (enrolment.hasDisk ? remember : "")
            + #""$sealroot" enroll "$PWD/volume" --key-file key --state keys --json "# + enrolment.arguments
            + " >enrolled.json\n"
        let identity = try enrolment.identity.map { (firmware) throws(AttackRunError) in
            try machine.identify(firmware, on: enrolment.chip).options
        }
        let result = try machine.boot(
            enrol, chip: enrolment.chip, firmware: enrolment.firmware,
            options: enrolment.options + (identity ?? [])
                + (enrolment.hasDisk ? disk.map { $0.options($0.path) } ?? [] : []))
        try HostShell.require(result, step: "enrolling the volume")
        return machine
    }

    private init(_ programs: AttackPrograms, _ disk: BootDisk?) throws(AttackRunError) {
        folder = try MachineFolder()
        self.disk = disk
        shell = HostShell(folder: folder.path, programs: programs, disk: disk)
    }

    /// The same machine once more, so that what is done to the one does not touch the other.
    func copy() throws(AttackRunError) -> AttackedMachine {
        let copy = try AttackedMachine(shell.programs, disk)
        let copied = try shell.run(["cp", "-a", "--sparse=always", "--", folder.path + "/.", copy.folder.path])
        try HostShell.require(copied, step: "copying the machine")
        return copy
    }

    func boot(
        _ script: String, chip: String, firmware: String, options: [String]
    ) throws(AttackRunError) -> HostShell.Result {
        try shell.run(
            [shell.programs.emulator, "exec", "--state", chip, "--ovmf", firmware] + options
                + ["--", "sh", "-euc", script])
    }

    /// Runs a trial to its end.
    func run(_ trial: Trial) throws(AttackRunError) -> HostShell.Result {
        try shell.succeed(trial.preparation, step: "preparing the attack")
        if let change = trial.forgery { try forge(change, isLate: trial.isForgedLate) }
        if trial.isKeyChosen { try chooseKey() }
        switch trial.action {
        case .script(let script): return try shell.run(["sh", "-euc", script])
        case .unlock:
            let result = try unlock(trial)
            if trial.isForgedLate {
                try shell.succeed("cmp -n 4096 header volume", step: "forging the header meanwhile")
            }
            return result
        case .listen: return try listen(trial)
        }
    }

    func unlock(_ trial: Trial) throws(AttackRunError) -> HostShell.Result {
        var options = trial.options
        var keyDigest: [UInt8]?
        if let firmware = trial.identity {
            let identity = try identify(firmware, on: trial.chip)
            if !trial.isIdentityWithheld { options += identity.options }
            keyDigest = identity.keyDigest
        }
        try configure(trial, keyDigest)
        if trial.hasDisk, let disk {
            if let change = trial.diskChange {
                try shell.succeed(DiskScript.copy + change, step: "changing the disk")
            }
            let template: String? =
                if let change = trial.variables { try firmware(with: change, of: disk) } else { nil }
            options += disk.options(trial.diskChange == nil ? disk.path : "disk.raw", template: template)
        }
        let program = trial.program == .real ? "$init" : "$control"
        return try boot(
            Self.start(trial.tpm, hasDisk: trial.hasDisk)
                + "exec \"\(program)\" unlock --config init.conf --no-activate --json --tcti \"$SEALROOT_TCTI\" "
                + trial.arguments
                + (trial.isBootChecked ? " --reference reference.json" : ""),
            chip: trial.chip, firmware: trial.firmware, options: options)
    }

    func read(_ name: String, limit: Int) throws(AttackRunError) -> [UInt8] {
        do throws(FileError) { return try FileBytes.read("\(folder.path)/\(name)", limit: limit) } catch {
            throw .file(error)
        }
    }

    func write(_ bytes: [UInt8], to name: String) throws(AttackRunError) {
        do throws(FileError) { try FileBytes.replace("\(folder.path)/\(name)", with: bytes) } catch {
            throw .file(error)
        }
    }
}
