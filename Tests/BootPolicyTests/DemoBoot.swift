import BootPolicy
import BoundedBytes
import Cryptography
import EFI
import EventLog
import Foundation
import TestSupport
import Testing

/// A boot of the demo VM, taken apart into records so that a test can change one of them, as a host could: the TPM then
/// holds what the changed boot would have measured.
struct DemoBoot {
    struct Record {
        var pcr: UInt32
        var type: EventType
        var digest: [UInt8]
        var data: [UInt8]
    }

    var records: [Record]

    /// The log that the VM's firmware wrote; each record with its SHA-256.
    init() throws {
        let log = try EventLog(parsing: Fixtures.bytes("demo-boot/eventlog.bin"))
        let bank = try #require(log.banks.first { $0.algorithm == .sha256 })
        records = log.events.dropFirst().map { event in
            Record(
                pcr: event.pcr, type: event.type, digest: Array(log.digest(of: event, in: bank) ?? []),
                data: Array(log.data(of: event)))
        }
    }

    /// The records as a crypto-agile log with SHA-256 only.
    func log() throws -> EventLog {
        var writer = ByteWriter()
        let header = Array("Spec ID Event03\0".utf8) + [0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0B, 0, 32, 0, 0]
        writer.littleEndian(UInt32(0))
        writer.littleEndian(EventType.noAction.rawValue)
        writer.append([UInt8](repeating: 0, count: 20))
        writer.littleEndian(UInt32(header.count))
        writer.append(header)
        for record in records {
            writer.littleEndian(record.pcr)
            writer.littleEndian(record.type.rawValue)
            writer.littleEndian(UInt32(1))
            writer.littleEndian(UInt16(0x0B))
            writer.append(record.digest)
            writer.littleEndian(UInt32(record.data.count))
            writer.append(record.data)
        }
        return try EventLog(parsing: writer.bytes)
    }

    /// The PCRs 0 to 15 that a TPM has after the records, fenced or not.
    func pcrs(fenced: Bool = false) throws -> [FoundPCR] {
        var values = [[UInt8]](repeating: [UInt8](repeating: 0, count: 32), count: 16)
        for record in records where record.type != .noAction {
            values[Int(record.pcr)] = try DigestAlgorithm.sha256.hash(values[Int(record.pcr)] + record.digest)
        }
        if fenced { values[12] = try DigestAlgorithm.sha256.hash(values[12] + Self.fenceDigest()) }
        return values.enumerated().map { FoundPCR(index: $0.offset, value: $0.element) }
    }

    static let fence = LaterEvents(pcr: 12, events: [Array("sealroot:fence".utf8)])
    private static func fenceDigest() throws -> [UInt8] {
        try DigestAlgorithm.sha256.hash(Array("sealroot:fence".utf8))
    }

    /// The PCRs that tpm2_pcrread printed on the VM, after the fence: SHA-256.
    static func recordedPCRs() throws -> [FoundPCR] {
        let text = try Fixtures.text("demo-boot/pcrs.txt")
        let bank = try #require(text.components(separatedBy: "sha256:").last?.components(separatedBy: "sha384:").first)
        return bank.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, let index = Int(parts[0]),
                let value = Hexadecimal.decode(String(parts[1].dropFirst(2)))
            else { return nil }
            return FoundPCR(index: index, value: value)
        }
    }

    /// The digests by which OVMF and shim measured Debian's programs.
    static let shim = digest("80a66d53a945d2286fcadd780fae1c225aa732079cd67b5225dc78aaab4e2ff8")
    static let grub = digest("a68f6d71ebddaa19751ff8d729f67d11b0df8e4c49400c3e7e90de16119e1265")
    static let kernel = digest("6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51")
    private static func digest(_ text: String) -> [UInt8] { Hexadecimal.decode(text) ?? [] }

    static func reference(
        programs: [Reference.Program]? = nil, drivers: [Reference.Driver] = [], variables: [Reference.Pinned] = [],
        sbat: [SBATLevel.Requirement] = [], mok: [Reference.Pinned]? = nil
    ) -> Reference {
        let standard = [
            Reference.Program(role: .shim, digest: shim, file: "EFI/debian/shimx64.efi", version: "16.1"),
            Reference.Program(role: .grub, digest: grub, file: "EFI/debian/grubx64.efi"),
            Reference.Program(role: .kernel, digest: kernel, file: "/boot/vmlinuz-6.1.0-56-amd64"),
        ]
        return Reference(programs: programs ?? standard, drivers: drivers, variables: variables, sbat: sbat, mok: mok)
    }

    func verdict(
        _ reference: Reference = reference(), arguments: ArgumentRules = .standard, fenced: Bool = false
    ) throws -> BootVerdict {
        let check = BootCheck(log: try log(), reference: reference, arguments: arguments)
        return try check.verdict(pcrs: try pcrs(fenced: fenced), later: [Self.fence, .phases])
    }

    /// The first record of that type in that PCR whose data have `text`.
    func index(pcr: UInt32, _ type: EventType, _ text: String = "") throws -> Int {
        try #require(
            records.firstIndex {
                $0.pcr == pcr && $0.type == type
                    && (text.isEmpty || String(decoding: $0.data.filter { $0 != 0 }, as: UTF8.self).contains(text))
            })
    }
}
