import BootPolicy
import BoundedBytes
import Cryptography
import EFI
import EventLog
import TestSupport
import Testing

/// The demo VM's own boot, and the same boot with one thing changed. Each changed boot comes with the PCRs that it leads
/// to, so nothing but the rule under test can refuse it; the test of the unchanged boot is the control of them all.
@Suite struct BootCheckTests {
    @Test func theRealBootIsAccepted() throws {
        let log = try EventLog(parsing: Fixtures.bytes("demo-boot/eventlog.bin"))
        let check = BootCheck(log: log, reference: DemoBoot.reference())
        let verdict = try check.verdict(pcrs: try DemoBoot.recordedPCRs(), later: [DemoBoot.fence])
        #expect(verdict.isAccepted, "\(verdict.components.map(\.line))")
        #expect(
            verdict.components.map(\.component.name) == [
                "log", "order", "secure-boot", "sbat", "mok", "drivers", "shim", "grub", "kernel", "command-line",
            ])
        let shim = verdict.components[6]
        #expect(shim.digest == DemoBoot.shim)
        #expect(shim.subject == #"\EFI\BOOT\BOOTX64.EFI, version 16.1"#)
        #expect(verdict.components[8].subject == "/boot/vmlinuz-6.1.0-56-amd64")
        #expect(verdict.components[9].subject.hasPrefix("/vmlinuz-6.1.0-56-amd64 root=/dev/mapper/root ro"))
    }

    @Test func theSameBootTakenApartIsAcceptedBeforeAndAfterTheFence() throws {
        let boot = try DemoBoot()
        #expect(try boot.verdict().isAccepted)
        #expect(try boot.verdict(fenced: true).isAccepted)
        let check = BootCheck(log: try boot.log(), reference: DemoBoot.reference())
        let fenced = try boot.pcrs(fenced: true)
        #expect(
            try check.verdict(pcrs: fenced, later: []).firstRefused?.line.contains("PCR 12") == true,
            "the fence counts only where it is said to be one")
    }

    @Test(arguments: Array(0...9) + Array(11...14))
    func onePCRThatIsNotTheLogsRefusesTheLog(_ index: Int) throws {
        let boot = try DemoBoot()
        var pcrs = try boot.pcrs()
        let found = [UInt8](repeating: 7, count: 32)
        let replayed = pcrs[index].value
        pcrs[index] = FoundPCR(index: index, value: found)
        let check = BootCheck(log: try boot.log(), reference: DemoBoot.reference())
        let verdict = try check.verdict(pcrs: pcrs, later: [DemoBoot.fence, .phases])
        #expect(verdict.components.count == 1)
        #expect(verdict.firstRefused?.component == .log)
        #expect(verdict.firstRefused?.refusal == .otherPCR(index, replayed: replayed, found: found))
        pcrs.remove(at: index)
        #expect(try check.verdict(pcrs: pcrs, later: []).firstRefused?.refusal == .unreadPCR(index))
    }

    /// A host that has another loader started and hides it: the PCR shows it, whatever the log says.
    @Test func anEventLeftOutOfTheLogIsNoticed() throws {
        let boot = try DemoBoot()
        var shorter = boot
        shorter.records.remove(at: try boot.index(pcr: 4, .bootServicesApplication, "grubx64.efi"))
        let check = BootCheck(log: try shorter.log(), reference: DemoBoot.reference())
        let verdict = try check.verdict(pcrs: try boot.pcrs(), later: [])
        guard case .otherPCR(4, _, _) = verdict.firstRefused?.refusal else {
            Issue.record("\(verdict.components)")
            return
        }
    }

    @Test func aLogWithoutSHA256OrOfNoTPMIsRefused() throws {
        let sha1 = try EventLog(parsing: [UInt8](repeating: 0, count: 28) + [0, 0, 0, 0])
        let check = BootCheck(log: sha1, reference: DemoBoot.reference())
        #expect(try check.verdict(pcrs: [], later: []).firstRefused?.refusal == .noBank)
    }

    @Test(.enabled(if: SharedData.isPresent)) func aLogOfMeasurementRegistersIsRefused() throws {
        let log = try EventLog(parsing: SharedData.bytes("eventlog/ccel-tdx-grub-sha384.bin"))
        let check = BootCheck(log: log, reference: DemoBoot.reference())
        #expect(try check.verdict(pcrs: [], later: []).firstRefused?.refusal == .notOfTPM)
    }

    /// Every event of a judged PCR, relabelled as every type: never accepted, unless it says nothing else.
    @Test func anEventUnderAnotherTypeIsNoticed() throws {
        let boot = try DemoBoot()
        let types: [EventType] = [
            .separator, .action, .efiAction, .eventTag, .ipl, .compactHash, .variableDriverConfig, .variableAuthority,
            .variableBoot, .bootServicesDriver, .runtimeServicesDriver, .bootServicesApplication, .gpt, .crtmVersion,
            .firmwareBlob, .firmwareBlob2, .postCode, .hcrtm, EventType(rawValue: 0x1234),
        ]
        for (index, record) in boot.records.enumerated() where [4, 7, 8, 14].contains(record.pcr) {
            for type in types where type != record.type {
                var changed = boot
                changed.records[index].type = type
                #expect(try !changed.verdict().isAccepted, "event \(index) of PCR \(record.pcr) as \(type)")
            }
        }
    }

    /// A type says which PCR an event belongs to; one that is moved there must be noticed, too.
    @Test func anEventOfAnotherPCRIsNoticed() throws {
        let boot = try DemoBoot()
        for (index, record) in boot.records.enumerated() where [4, 7, 8].contains(record.pcr) {
            for pcr in [UInt32(4), 7, 8, 14] where pcr != record.pcr {
                var changed = boot
                changed.records[index].pcr = pcr
                #expect(try !changed.verdict().isAccepted, "event \(index) moved to PCR \(pcr)")
            }
        }
    }
}
