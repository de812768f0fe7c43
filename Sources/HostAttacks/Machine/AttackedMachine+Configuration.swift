internal import BoundedBytes
internal import JSON

extension AttackedMachine {
    /// Writes the configuration of the guest's initrd, and the owner's policy.
    ///
    /// - Parameter keyDigest: of the key that the owner signs ID blocks with, where the policy demands it.
    func configure(_ trial: Trial, _ keyDigest: [UInt8]?) throws(AttackRunError) {
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
}
