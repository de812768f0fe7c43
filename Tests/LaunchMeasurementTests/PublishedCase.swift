import BoundedBytes
import Foundation
import LaunchMeasurement
import SNPABI
import TestSupport
import Testing

/// One launch whose measurement others have published: virtee/sev-snp-measure, for SVSMs from a real machine.
struct PublishedCase: Sendable, CustomTestStringConvertible {
    let name: String
    let configuration: LaunchConfiguration
    let measuredFirmware: LaunchDigest?
    let expected: String
    var testDescription: String { name }

    static let all: [PublishedCase] = {
        guard SharedData.isPresent else { return [] }
        do {
            let data = Data(try SharedData.bytes("snp/measure/launch_digests.expected.json"))
            let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            return try (file?["cases"] as? [[String: Any]] ?? []).map { try PublishedCase($0, note: file?["note"]) }
        } catch { return [] }
    }()

    private init(_ fields: [String: Any], note: Any?) throws {
        name = try #require(fields["name"] as? String)
        expected = try #require(fields["expected"] as? String)
        let extra = fields["extra"] as? [String] ?? []
        let modeName = try #require(fields["mode"] as? String)
        let isSVSM = modeName == "SEV_SNP_SVSM"
        let mode: ProtectionMode = modeName == "SEV" ? .sev : modeName == "SEV_ES" ? .sevES : .sevSNP
        let model = try #require(CPUModel(name: fields["cpu"] as? String ?? "EPYC"))
        let firmwareName = try #require(fields["ovmf"] as? String)
        let firmware = try FirmwareImage(parsing: SharedData.bytes("snp/measure/" + firmwareName))
        var svsm: FirmwareImage?
        if isSVSM {
            let variableBytes: UInt64 = 540_672
            #expect(extra.contains(String(variableBytes)))
            svsm = try FirmwareImage(
                parsing: SharedData.bytes("snp/measure/svsm.bin"), endingAt: firmware.address - variableBytes)
        }
        var hashes: SEVHashesTable?
        if fields["kernel"] is String {  // always the empty /dev/null
            hashes = try SEVHashesTable(
                ofKernel: Array(Self.emptySHA256), initrd: fields["initrd"] is String ? Self.emptySHA256 : nil,
                commandLineText: fields["append"] as? String ?? "")
        }
        let features = try #require(UInt64((fields["guest_features"] as? String)?.dropFirst(2) ?? "", radix: 16))
        let monitor = VirtualMachineMonitor.allCases.first { monitor in
            extra.contains("vmm_type=vmm_types.VMMType." + monitor.rawValue)
        }
        configuration = LaunchConfiguration(
            mode: mode, monitor: monitor ?? .qemu, firmware: firmware, svsm: svsm,
            processorCount: try #require(fields["vcpus"] as? Int), processor: model.processor,
            features: SEVFeatures(rawValue: features), hashes: hashes)
        guard extra.contains("snp_ovmf_hash_str=ovmf_hash") else {
            measuredFirmware = nil
            return
        }
        let words = try #require(note as? String).split { " =".contains($0) }
        let index = try #require(words.firstIndex { $0.hasSuffix("ovmf_hash") })
        measuredFirmware = try LaunchDigest(resuming: try #require(Hexadecimal.decode(String(words[index + 1]))))
    }

    /// Of no bytes at all, as `sha256sum /dev/null` prints it.
    private static let emptySHA256 =
        Hexadecimal.decode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") ?? []
}
