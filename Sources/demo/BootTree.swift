import JSON

/// What the guest's own attestation policy demands of its launch.
struct LaunchPolicy {
    /// 96 hexadecimal digits.
    let measurement: String

    init(parsing text: String) throws(DemoFailure) {
        guard let measurement = try JSONValue.inStatus(text)["measurements"]?.array?.first?.string else {
            throw .status("the attestation policy demands no measurement")
        }
        self.measurement = measurement
    }
}

/// Who has measured whom, from the processor to the initramfs.
struct BootTree {
    let text: String

    private static let links = ["shim", "grub", "kernel"]

    init(_ status: UnlockStatus, policy: LaunchPolicy) {
        func component(_ name: String) -> UnlockStatus.Component? { status.chain.first { $0.name == name } }
        var lines = ["AMD-SP (emulated): attested launch digest " + policy.measurement.prefix(16)]
        var depth = 0
        func branch(_ line: String) {
            lines.append(String(repeating: "   ", count: depth) + "└─ " + line)
            depth += 1
        }
        branch("OVMF, Secure Boot " + (component("secure-boot")?.subject ?? ""))
        for name in Self.links {
            guard let link = component(name) else { continue }
            branch(
                [link.name, link.digest.map { String($0.prefix(16)) }, link.subject].compactMap { $0 }.joined(
                    separator: " "))
        }
        branch("initramfs: sealroot-init, with " + (component("command-line")?.subject ?? ""))
        branch("root, unsealed by the vTPM that the launch vouches for")
        text = lines.joined(separator: "\n")
    }
}
