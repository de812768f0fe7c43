internal import BoundedBytes
internal import InitramfsRuntime
internal import JSON

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

    private func boot(
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

    private static let putHeader = "dd if=header of=volume conv=notrunc status=none\n"

    /// As soon as the TPM has unsealed, while the guest still waits for the answer: it is in the recording first.
    private static let putHeaderLate = #"""
        (for turn in $(seq 3000); do
            if [ -e bus ] && grep -qaP '\x00\x00\x01\x5e[\x80\x81]' bus; then exec \#(putHeader)fi
            sleep 0.02
        done) >log 2>&1 &
        """#

    private func forge(_ change: HeaderForgery.Change, isLate: Bool) throws(AttackRunError) {
        var header = HeaderForgery(try read("volume", limit: 1 << 26))
        guard header?.apply(change) == true, let bytes = header?.bytes else {
            throw .failed(step: "forging the header", status: 1, message: change.path)
        }
        try write(bytes, to: "header")
        try shell.succeed(isLate ? Self.putHeaderLate : Self.putHeader, step: "forging the header")
    }

    private func configure(_ trial: Trial, _ keyDigest: [UInt8]?) throws(AttackRunError) {
        var lines = ["device = \(folder.path)/volume", "mapping = root", "timeout = 1"]
        lines.append("boot-check = " + (trial.isBootChecked ? "required" : "off"))
        if let provider = trial.provider {
            lines += ["provider = \(provider)", "attestation-policy = \(folder.path)/policy.json"]
            try write(Array(try policy(trial, keyDigest).compact.utf8), to: "policy.json")
        }
        if trial.isPinned { lines.append("authority-name = " + (try authorityName())) }
        try write(Array(((lines + trial.configuration).joined(separator: "\n") + "\n").utf8), to: "init.conf")
    }

    private func policy(_ trial: Trial, _ keyDigest: [UInt8]?) throws(AttackRunError) -> JSONValue {
        let policy = trial.policy
        let pem = try read(policy.root + "/certs/ark.pem", limit: 1 << 16)
        let levels = JSONValue.object(
            ["boot_loader", "tee", "snp"].map { JSONMember($0, .integer(0)) }
                + [JSONMember("microcode", .integer(policy.microcode))])
        return .object(
            [
                JSONMember("version", .integer(1)),
                JSONMember(
                    "measurements",
                    .array([.string(Hexadecimal.encode(try launchDigest(of: policy.firmware, on: trial.chip)))])),
                JSONMember("roots", .array([.string(String(decoding: pem, as: UTF8.self))])),
                JSONMember("minimum_tcb", .object([JSONMember("milan", .object([JSONMember("reported", levels)]))])),
            ] + policy.members
                + (keyDigest.map { [JSONMember("id_keys", .array([.string(Hexadecimal.encode($0))]))] } ?? []))
    }

    /// The launch digest as a report has it. Source: AMD 56860, ATTESTATION_REPORT, offset 0x90.
    func launchDigest(of firmware: String, on chip: String) throws(AttackRunError) -> [UInt8] {
        let script = """
            mkdir /sys/kernel/config/tsm/report/r; cd /sys/kernel/config/tsm/report/r
            head -c 64 /dev/zero >inblob; cat outblob
            """
        // Without an SVSM, so that no vTPM is made for it.
        let report = try boot(script, chip: chip, firmware: firmware, options: ["--vtpm", "none"])
        guard report.status == 0, report.output.count == 1184 else {
            throw .failed(step: "reading the launch digest", status: report.status, message: report.lastLine)
        }
        return Array(report.output[0x90..<0xC0])
    }

    /// What the enrolment said of the authority.
    private func authorityName() throws(AttackRunError) -> String {
        let name: String?
        let text = try read("enrolled.json", limit: 1 << 20)
        do throws(JSONError) {
            name = try JSONValue(parsing: text)["authority_name"]?.string
        } catch { name = nil }
        guard let name else { throw .failed(step: "enrolling the volume", status: 0, message: "no authority is named") }
        return name
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
