import BoundedBytes
import Foundation
import LaunchMeasurement
import SNPABI
import TestSupport
import Testing

/// Measurements beside those of virtee/sev-snp-measure.
@Suite(.enabled(if: PeerTool.isPresent)) struct PeerComparisonTests {
    /// The images of Debian's package `ovmf`, firmware and variable stores, each once.
    static let images: [String] = {
        let folders = ["/usr/share/OVMF", "/usr/share/ovmf"]
        let paths = folders.flatMap { folder in
            (try? FileManager.default.contentsOfDirectory(atPath: folder))?.map { folder + "/" + $0 } ?? []
        }
        return paths.filter { path in
            path.hasSuffix(".fd") && (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil
        }.sorted()
    }()

    private static let types = [
        "EPYC", "EPYC-v2", "EPYC-IBPB", "EPYC-Rome-v3", "EPYC-Milan", "EPYC-Genoa-v1", "EPYC-Turin",
    ]

    @Test func findsDebiansFirmware() {
        #expect(Self.images.contains("/usr/share/ovmf/OVMF.fd"))
        #expect(Self.images.contains("/usr/share/OVMF/OVMF_CODE_4M.fd"))
    }

    @Test(arguments: images) func measuresDebiansFirmwareAlike(_ path: String) throws {
        var launches: [PeerLaunch] = []
        for mode in ProtectionMode.allCases {
            for (index, type) in Self.types.enumerated() {
                for count in [1, 2, 5 + index] {
                    for features: UInt64 in [0x1, 0x21] {
                        launches.append(
                            PeerLaunch(mode: mode, ovmf: path, type: type, processorCount: count, features: features))
                    }
                }
            }
        }
        for monitor in [VirtualMachineMonitor.ec2, .gce] {
            launches.append(
                PeerLaunch(
                    mode: .sevSNP, monitor: monitor, ovmf: path, type: "EPYC-Milan", processorCount: 3, features: 1))
        }
        // None of Debian's looks at a hashes table: both refuse a kernel.
        for mode in ProtectionMode.allCases {
            launches.append(
                PeerLaunch(
                    mode: mode, ovmf: path, type: "EPYC-v4", processorCount: 1, features: 1,
                    kernel: ("/bin/sh", nil, nil)))
        }
        try Self.compare(launches, image: path)
    }

    /// AMD's build of OVMF looks at a hashes table; of it the data have the last page.
    @Test(.enabled(if: SharedData.isPresent)) func measuresKernelHashesAlike() throws {
        let path = try #require(SharedData.folder).appending(path: "snp/measure/ovmf_AmdSev_suffix.bin").path()
        var launches: [PeerLaunch] = []
        for mode in ProtectionMode.allCases {
            for kernel in ["/bin/sh", "/dev/null"] {
                for initrd in [nil, "/bin/ls", "/dev/null"] {
                    for text in [nil, "", "root=/dev/sda1 quiet", "ä€𝄞 \t'\"\\"] {
                        launches.append(
                            PeerLaunch(
                                mode: mode, ovmf: path, type: "EPYC-Genoa", processorCount: 2, features: 1,
                                kernel: (kernel, initrd, text)))
                    }
                }
            }
        }
        try Self.compare(launches, image: path)
        let digests = try PeerTool.measure(launches.map(\.fields))
        #expect(digests.allSatisfy { Hexadecimal.decode($0) != nil })
    }

    /// As the program prints it, not the library.
    @Test(arguments: [ProtectionMode.sev, .sevES, .sevSNP]) func theProgramPrintsTheSame(_ mode: ProtectionMode) throws
    {
        let launch = PeerLaunch(
            mode: mode, ovmf: "/usr/share/ovmf/OVMF.fd", type: "EPYC-Milan-v2", processorCount: 4, features: 0x21)
        let result = try Command.run([Scratch.product("snp-emulator").path()] + launch.arguments)
        #expect(result.status == 0)
        #expect([result.text] == (try PeerTool.measure([launch.fields])))
    }

    private static func compare(_ launches: [PeerLaunch], image: String) throws {
        let firmware = try FirmwareImage(parsing: Array(Data(contentsOf: URL(filePath: image))))
        let answers = try PeerTool.measure(launches.map(\.fields))
        try #require(answers.count == launches.count)
        for (launch, answer) in zip(launches, answers) {
            let ours: String
            do { ours = Hexadecimal.encode(try launch.measure(firmware)) } catch let error as LaunchError {
                // QEMU does not start such a firmware under SEV-SNP. The other tool measures it nevertheless.
                if error == .noMetadata, launch.kernel == nil, firmware.table.entries.isEmpty == false { continue }
                ours = "error"
            }
            #expect(ours == (answer.hasPrefix("error") ? "error" : answer), "\(launch.arguments): \(answer)")
        }
    }
}
