import BoundedBytes
import Foundation
import TestSupport

/// A confidential machine of processes: a guest of `snp-emulator exec` on a chip of its own, with a volume that was enrolled
/// in it and a policy that says which guest gets its key. Each command is one boot.
final class ConfidentialMachine {
    let scratch: Scratch
    let volume: VolumeFile
    private static let program = Scratch.product("snp-emulator").path
    /// PCRs as a boot would have left them; the vTPM of each boot begins with zeros.
    private static let measure =
        "tpm2_pcrextend "
        + [4, 7, 8, 9, 14].map { "\($0):sha256=" + String(repeating: "0\($0 % 10)", count: 32) }.joined(separator: " ")

    init() throws {
        scratch = try Scratch()
        try EmulatedChipFolder.copy(to: scratch)
        try scratch.shell("head -c 8192 /dev/urandom > guest.fd; head -c 8192 /dev/urandom > other.fd")
        volume = try VolumeFile()
        try scratch.shell("mkdir certs")
    }

    /// Runs a script as the guest.
    func run(
        _ script: String, _ options: [String] = [], state: String = "state", firmware: String = "guest.fd",
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "240", Self.program, "exec", "--state", scratch.file(state), "--ovmf"]
                + [scratch.file(firmware)] + options + ["--", "sh", "-euc", script], environment: environment,
            folder: scratch.path)
    }

    /// Enrols the volume in the guest, with its own TPM or one that `tcti` names.
    func enroll(_ arguments: String = "", _ options: [String] = [], tcti: String? = nil) throws {
        let tool = "'\(Scratch.product("sealroot").path)' enroll '\(volume.path)' --key-file '\(volume.keyFile)'"
        let naming = tcti.map { "export TPM2TOOLS_TCTI=\($0) SEALROOT_TCTI=\($0)\n" } ?? ""
        let measured = tcti == nil ? Self.measure + "\n" : ""
        let result = try run(naming + measured + "\(tool) --state keys \(arguments)", options)
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
    }

    /// Boots and unlocks, up to the mapping.
    func unlock(
        _ options: [String] = [], state: String = "state", firmware: String = "guest.fd", tcti: String? = nil
    ) throws -> (result: CommandResult, report: UnlockReport?) {
        let naming = tcti.map { "export TPM2TOOLS_TCTI=\($0) SEALROOT_TCTI=\($0)\n" } ?? ""
        let measured = tcti == nil ? Self.measure + "\n" : ""
        let result = try run(
            naming + measured
                + "exec '\(Machine.guestProgram)' unlock --config init.conf --no-activate --json --certs certs --tcti \"$SEALROOT_TCTI\"",
            options,
            state: state, firmware: firmware)
        return (result, try? JSONDecoder().decode(UnlockReport.self, from: Data(result.output)))
    }

    /// Configures the unlock; `provider` nil is none.
    func configure(provider: String? = "svsm", _ extraLines: String = "") throws {
        let attestation =
            provider.map { "provider = \($0)\nattestation-policy = \(scratch.file("policy.json"))\n" } ?? ""
        let text = "device = \(volume.path)\nmapping = root\ntimeout = 1\nboot-check = off\n" + attestation + extraLines
        try scratch.write(Array(text.utf8), to: "init.conf")
    }

    /// Puts the chip's certificates where the guest looks for them besides the host's table.
    func exportCertificates() throws { try scratch.shell("cp state/certs/*.* certs/") }

    /// The owner's policy: this guest on a chip with that root, and further members.
    func allow(
        measurement: String? = nil, root: String = "state", tcb: [String: Int] = minimumTCB, _ more: [String: Any] = [:]
    ) throws {
        let pem = String(decoding: try scratch.bytes(root + "/certs/ark.pem"), as: UTF8.self)
        var policy: [String: Any] = [
            "version": 1, "measurements": [try measurement ?? self.measurement], "roots": [pem],
            "minimum_tcb": ["milan": ["reported": tcb]],
        ]
        policy.merge(more) { $1 }
        try scratch.write(Array(JSONSerialization.data(withJSONObject: policy)), to: "policy.json")
    }

    static let minimumTCB = ["boot_loader": 0, "tee": 0, "snp": 0, "microcode": 0]

    /// The launch digest as the report has it, 96 digits. Source: AMD 56860, ATTESTATION_REPORT, offset 0x90.
    var measurement: String {
        get throws {
            // Without an SVSM, so that no vTPM is made for it.
            let report = try run(
                "mkdir /sys/kernel/config/tsm/report/r; cd /sys/kernel/config/tsm/report/r; head -c 64 /dev/zero > inblob; cat outblob",
                ["--vtpm", "none"])
            guard report.output.count == 1184 else { throw CommandFailure(description: report.errorText) }
            return Hexadecimal.encode(Array(report.output[0x90..<0xC0]))
        }
    }
}

struct UnlockReport: Decodable {
    struct Attestation: Decodable, Equatable {
        let provider, verdict: String
    }
    struct Step: Decodable {
        let name, result: String
    }
    let attestation: Attestation?
    let steps: [Step]
}
