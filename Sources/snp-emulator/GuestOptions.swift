internal import ArgumentParser
internal import InitramfsRuntime
internal import LaunchMeasurement
internal import SNPABI

/// What a guest is launched with.
struct GuestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The firmware image.", valueName: "file"), completion: .file())
    var ovmf: String

    @Option(help: ArgumentHelp("How many virtual CPUs the guest has.", valueName: "n"))
    var vcpus = 1

    @Option(
        help: ArgumentHelp("The type of its virtual CPUs.", valueName: "type"),
        transform: processorModel)
    var vcpuType: CPUModel?

    @Option(
        help: ArgumentHelp("Their CPUID signature instead, for a type that has no name here.", valueName: "hex"),
        transform: { UInt32(truncatingIfNeeded: try hexadecimal($0, largest: UInt64(UInt32.max))) })
    var vcpuSignature: UInt32?

    @Option(
        help: ArgumentHelp("SEV_FEATURES of its virtual CPUs (default: 0x1).", valueName: "hex"),
        transform: { SEVFeatures(rawValue: try hexadecimal($0, largest: .max)) })
    var guestFeatures = SEVFeatures.snp

    @Option(help: ArgumentHelp("A kernel that the host boots directly.", valueName: "file"), completion: .file())
    var kernel: String?

    @Option(help: ArgumentHelp("Its initrd.", valueName: "file"), completion: .file())
    var initrd: String?

    @Option(help: ArgumentHelp("Its command line.", valueName: "text"))
    var append: String?

    @Option(
        help: ArgumentHelp("Who starts the guest: qemu, ec2 or gce (default: qemu).", valueName: "vmm"),
        transform: { try choice($0) })
    var vmmType: VirtualMachineMonitor = .qemu

    @Option(
        help: ArgumentHelp("How the guest is protected: sev, sev-es or sev-snp (default: sev-snp).", valueName: "mode"),
        transform: { try choice($0) })
    var mode: ProtectionMode = .sevSNP

    @Option(help: ArgumentHelp("An SVSM that starts first (needs --vars).", valueName: "file"), completion: .file())
    var svsm: String?

    @Option(
        help: ArgumentHelp("The firmware's variables, below which the SVSM lies.", valueName: "file"),
        completion: .file())
    var vars: String?

    func validate() throws {
        guard kernel != nil || (initrd == nil && append == nil) else {
            throw ValidationError("--initrd and --append need --kernel")
        }
        guard (svsm == nil) == (vars == nil) else { throw ValidationError("--svsm and --vars need each other") }
        guard vcpuType == nil || vcpuSignature == nil else {
            throw ValidationError("--vcpu-type and --vcpu-signature exclude each other")
        }
        guard vcpuType != nil || vcpuSignature != nil || mode == .sev || vmmType != .qemu else {
            throw ValidationError("the measurement depends on the CPU type; give --vcpu-type")
        }
        guard mode != .sevSNP || guestFeatures.has(.snpActive) else {
            throw ValidationError("without bit 0 of --guest-features no virtual CPU starts under SEV-SNP")
        }
    }
}

/// A CPU type by QEMU's name.
func processorModel(_ name: String) throws -> CPUModel {
    guard let model = CPUModel(name: name) else {
        throw ValidationError("'\(name)' is no CPU type of QEMU's that has SEV")
    }
    return model
}

/// One of the names that the type has.
func choice<Choice: RawRepresentable & CaseIterable>(
    _ text: String
) throws -> Choice where Choice.RawValue == String {
    guard let choice = Choice(rawValue: text) else {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("'\(text)' is none of " + names)
    }
    return choice
}

/// A number with `0x` before it, so that nobody's 21 is read as another's 0x15.
func hexadecimal(_ text: String, largest: UInt64) throws -> UInt64 {
    guard text.hasPrefix("0x"), let number = UInt64(text.dropFirst(2), radix: 16), number <= largest else {
        throw ValidationError("'\(text)' is no hexadecimal number with 0x, up to 0x\(String(largest, radix: 16))")
    }
    return number
}
