internal import ArgumentParser
internal import BoundedBytes
internal import InitramfsRuntime
internal import JSON
internal import LaunchMeasurement
internal import SNPABI

/// `snp-emulator measure`.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the measurement that a launch will have.",
        discussion: """
            Under SEV-SNP it is the launch digest, SHA-384; under SEV and SEV-ES SHA-256. A guest that the host would \
            refuse to start, or that would boot any kernel although one is named, has no measurement: exit status 65.

            CPU types are QEMU's: EPYC, EPYC-Rome, EPYC-Milan, EPYC-Genoa, EPYC-Turin, each also with a version (-v1). \
            Guest features are SEV_FEATURES of the virtual CPUs: 0x1, or 0x21 where the host's kernel has DebugSwap on.

            With --json, standard output is one object: measurement, mode, vmm, vcpus, vcpu_type, vcpu_signature, \
            guest_features, and kernel_hashes (kernel, initrd, cmdline: SHA-256) or null.
            """)

    @OptionGroup var guest: GuestOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting { () throws(CommandFailure) in
            let configuration = try guest.configuration()
            do throws(LaunchError) {
                let measurement = Hexadecimal.encode(try LaunchMeasurement.compute(configuration))
                Console.print(json ? report(measurement, configuration).compact : measurement)
            } catch { throw CommandFailure(error) }
        }
    }

    private func report(_ measurement: String, _ configuration: LaunchConfiguration) -> JSONValue {
        let hashes = configuration.hashes.map { hashes in
            JSONValue.object([
                JSONMember("kernel", .string(Hexadecimal.encode(hashes.kernel))),
                JSONMember("initrd", .string(Hexadecimal.encode(hashes.initrd))),
                JSONMember("cmdline", .string(Hexadecimal.encode(hashes.commandLine))),
            ])
        }
        return .object([
            JSONMember("measurement", .string(measurement)),
            JSONMember("mode", .string(configuration.mode.rawValue)),
            JSONMember("vmm", .string(configuration.monitor.rawValue)),
            JSONMember("vcpus", .integer(Int64(configuration.processorCount))),
            JSONMember("vcpu_type", guest.vcpuType.map { .string($0.name) } ?? .null),
            JSONMember("vcpu_signature", .string(Hexadecimal.prefixed(configuration.processor.signature))),
            JSONMember("guest_features", .string("0x" + String(configuration.features.rawValue, radix: 16))),
            JSONMember("kernel_hashes", hashes ?? .null),
        ])
    }
}

extension CommandFailure {
    /// Files that do not make a guest are malformed; what the host cannot do was asked for wrongly.
    init(_ error: LaunchError) {
        let code: InitramfsRuntime.ExitCode =
            switch error {
            case .format, .noMetadata, .noKernelHashes, .noResetBlock, .noSVSMEntry, .overlap: .malformed
            case .cryptography: .internalFault
            case .processorCount, .unsupported: .usage
            }
        self.init(code, area: "launch", error.description)
    }
}
