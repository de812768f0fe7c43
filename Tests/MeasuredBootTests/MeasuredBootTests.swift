import BoundedBytes
import Cryptography
import EventLog
import Foundation
import InitramfsRuntime
import MeasuredBoot
import Prediction
import TestSupport
import Testing

/// The model's boot of the demo disk beside the boot of a real VM from the same disk.
@Suite(.enabled(if: DebianImages.isPresent)) struct MeasuredBootTests {
    private static let templates = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Packaging/templates").standardized.path()

    private static func boot(_ path: String) throws -> MeasuredBoot {
        try MeasuredBoot(image: path, template: Template.read("ovmf-debian12-secureboot", in: templates))
    }

    private static let disk = DebianImages.file("disk.raw") ?? ""

    /// Type, digests and data of each event of one PCR. The initrd holds our own program, so its digest changes with each
    /// build; addresses in memory change with each boot.
    private struct Shown: Equatable {
        let type: EventType
        let digests: [ArraySlice<UInt8>]
        let data: [UInt8]

        init(_ event: Event, _ log: EventLog) {
            type = event.type
            var bytes = Array(log.data(of: event))
            let isInitrd = bytes.starts(with: Array("/initrd".utf8))
            digests = isInitrd ? [] : log.banks.compactMap { log.digest(of: event, in: $0) }
            if event.type == .bootServicesApplication {
                bytes.replaceSubrange(0..<16, with: [UInt8](repeating: 0, count: 16))
            }
            data = bytes
        }
    }

    @Test func measuresWhatTheRealFirmwareMeasures() throws {
        let model = try EventLog(parsing: Self.boot(Self.disk).log)
        let real = try EventLog(parsing: Fixtures.bytes("demo-boot/eventlog.bin"))
        #expect(model.banks == real.banks)
        for pcr: UInt32 in 0...14 {
            let (ours, theirs) = (model.events.filter { $0.pcr == pcr }, real.events.filter { $0.pcr == pcr })
            #expect(ours.map { Shown($0, model) } == theirs.map { Shown($0, real) }, "PCR \(pcr)")
        }
        #expect(model.events.map { $0.pcr } == real.events.map { $0.pcr })
        #expect(model.events.count == 83)
    }

    /// What is extended is what the log says, by another replay than the one that reads logs.
    @Test func extendsWhatItLogs() throws {
        let boot = try Self.boot(Self.disk)
        let log = try EventLog(parsing: boot.log)
        let bank = try #require(boot.algorithms.firstIndex(of: .sha256))
        var values = [Int: [UInt8]]()
        for extended in boot.extensions {
            let old = values[extended.pcr] ?? [UInt8](repeating: 0, count: 32)
            values[extended.pcr] = try DigestAlgorithm.sha256.hash(old + extended.digests[bank])
        }
        let pcrs = String(decoding: try Fixtures.bytes("demo-boot/pcrs.txt"), as: UTF8.self)
        for pcr in [0, 1, 2, 3, 4, 5, 6, 7, 8, 14] {
            let shown = Hexadecimal.encode(try #require(values[pcr])).uppercased()
            #expect(pcrs.contains(": 0x" + shown), "PCR \(pcr)")
        }
        #expect(log.events.filter { $0.isExtended }.count == boot.extensions.count)
    }

    @Test func showsTheFirmwaresVariables() throws {
        let names = try Self.boot(Self.disk).variables.map { $0.name }
        #expect(
            names == [
                "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "PK-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                "SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c", "KEK-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                "db-d719b2cb-3d3a-4596-a3bc-dad00e67656f",
                "dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f", "SbatLevelRT-605dab50-e046-4300-abb6-3dd810dd8b23",
                "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23",
                "MokListXRT-605dab50-e046-4300-abb6-3dd810dd8b23",
                "MokListTrustedRT-605dab50-e046-4300-abb6-3dd810dd8b23",
            ])
        let scratch = try Scratch()
        try scratch.shell("tar -xf '\(Fixtures.folder.path())/demo-boot/efivars.tar'")
        for (name, content) in try Self.boot(Self.disk).variables {
            #expect(try scratch.bytes(name) == content, "\(name)")
        }
    }

    /// Another GRUB configuration, and a GRUB that nobody has signed.
    @Test func bootsWhatIsOnTheDisk() throws {
        let scratch = try Scratch()
        let copy = scratch.path + "/disk.raw"
        try scratch.shell("cp --sparse=always '\(Self.disk)' disk.raw")
        let start = 2048 * 512
        try scratch.shell("mcopy -i disk.raw@@\(start) ::/EFI/BOOT/grubx64.efi grub.efi")
        try scratch.shell(
            "echo 'set changed=1' >grub.cfg; mtype -i disk.raw@@\(start) ::/EFI/debian/grub.cfg >>grub.cfg")
        try scratch.shell("mcopy -o -i disk.raw@@\(start) grub.cfg ::/EFI/debian/grub.cfg")
        let changed = try EventLog(parsing: Self.boot(copy).log)
        let plain = try EventLog(parsing: Self.boot(Self.disk).log)
        let differences = try #require(LogComparison(plain, changed)).differences
        // The file is another, and has one command more.
        #expect(differences.map { $0.pcr } == [8, 9])
        try scratch.shell("printf x | dd of=grub.efi bs=1 seek=70000 conv=notrunc status=none")
        try scratch.shell("mcopy -o -i disk.raw@@\(start) grub.efi ::/EFI/BOOT/grubx64.efi")
        let template = try Template.read("ovmf-debian12-secureboot", in: Self.templates)
        do throws(MeasuredBootError) {
            _ = try MeasuredBoot(image: copy, template: template)
            Issue.record("it boots")
        } catch {
            #expect(error.exitCode == .bootRefused)
            #expect(error.description.contains("grubx64.efi"), "\(error)")
        }
    }
}
