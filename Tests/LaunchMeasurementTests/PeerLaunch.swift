import BoundedBytes
import Foundation
import LaunchMeasurement
import SNPABI
import TestSupport
import Testing

/// One launch, for both programs.
struct PeerLaunch {
    var mode: ProtectionMode
    var monitor: VirtualMachineMonitor = .qemu
    var ovmf: String
    var type: String
    var processorCount: Int
    var features: UInt64
    /// Kernel, initrd and command line; the last two may be missing.
    var kernel: (kernel: String, initrd: String?, commandLine: String?)?

    /// As `PeerTool` takes it.
    var fields: [String: Any] {
        [
            "mode": mode == .sevES ? "seves" : mode == .sev ? "sev" : "snp", "vmm": monitor.rawValue, "ovmf": ovmf,
            "type": type, "vcpus": processorCount, "features": features, "kernel": kernel?.kernel ?? "",
            "initrd": kernel?.initrd ?? "", "append": kernel?.commandLine ?? "",
        ]
    }

    /// Our own answer.
    func measure(_ firmware: FirmwareImage) throws -> [UInt8] {
        let model = try #require(CPUModel(name: type))
        var hashes: SEVHashesTable?
        if let kernel {
            hashes = try SEVHashesTable(
                ofKernel: Self.sha256(kernel.kernel), initrd: kernel.initrd.map(Self.sha256),
                commandLineText: kernel.commandLine ?? "")
        }
        return try LaunchMeasurement.compute(
            LaunchConfiguration(
                mode: mode, monitor: monitor, firmware: firmware, processorCount: processorCount,
                processor: model.processor, features: SEVFeatures(rawValue: features), hashes: hashes))
    }

    /// As `sha256sum` prints it.
    private static func sha256(_ path: String) throws -> [UInt8] {
        let line = try Command.run(["sha256sum", path]).text
        return try #require(Hexadecimal.decode(String(line.prefix(64))))
    }

    /// How our program is called for it.
    var arguments: [String] {
        var arguments = ["measure", "--mode", mode.rawValue, "--vmm-type", monitor.rawValue, "--ovmf", ovmf]
        arguments += ["--vcpu-type", type, "--vcpus", String(processorCount)]
        arguments += ["--guest-features", "0x" + String(features, radix: 16)]
        if let kernel {
            arguments += ["--kernel", kernel.kernel]
            if let initrd = kernel.initrd { arguments += ["--initrd", initrd] }
            if let commandLine = kernel.commandLine { arguments += ["--append", commandLine] }
        }
        return arguments
    }
}
