import BoundedBytes
import Cryptography
import SNPABI
import SecureProcessor
import TestSupport
import Testing

/// Levels up and down, and what the platform says about itself.
@Suite struct PlatformTests {
    private func levels(_ platform: PlatformState, _ change: (inout TCBComponents) -> Void) -> TCBVersion {
        var components = platform.committedTCB.components(for: platform.generation)
        change(&components)
        return TCBVersion(components, for: platform.generation)
    }

    @Test(arguments: ProcessorGeneration.allCases) func goesUpAndBackButNotBelowWhatIsCommitted(
        _ generation: ProcessorGeneration
    ) throws {
        let processor = try GuestFixture.processor(generation)
        let (old, firmware) = (processor.platform.currentTCB, processor.platform.currentFirmware)
        var newer = firmware
        newer.build += 1
        let higher = levels(processor.platform) { $0.microcode += 1 }
        try processor.install(newer, tcb: higher)
        #expect(processor.platform.currentTCB == higher && processor.platform.reportedTCB == old)
        // Provisional: it can be taken back.
        try processor.install(firmware, tcb: old)
        #expect(processor.platform.currentTCB == old)
        try processor.install(newer, tcb: higher)
        processor.commit()
        #expect(processor.platform.committedTCB == higher && processor.platform.reportedTCB == higher)
        #expect(processor.platform.committedFirmware == newer)
        #expect(status { try processor.install(newer, tcb: old) } == .badSVN)
        #expect(status { try processor.install(firmware, tcb: higher) } == .badVersion)
        // One component higher, another lower, and higher as a number.
        let traded = levels(processor.platform) {
            $0.microcode += 1
            $0.snp -= 1
        }
        #expect(traded.rawValue > higher.rawValue)
        #expect(status { try processor.install(newer, tcb: traded) } == .badSVN)
        let reserved = TCBVersion(rawValue: higher.rawValue | 1 << 40)
        #expect(status { try processor.install(newer, tcb: reserved) } == .invalidParameter)
        #expect(processor.platform.currentTCB == higher)
    }

    @Test func reportsNothingAboveWhatIsCommitted() throws {
        let processor = try GuestFixture.processor()
        let committed = processor.platform.committedTCB
        func report(_ tcb: TCBVersion) -> FirmwareStatus {
            status { try processor.configure(reportedTCB: tcb, isChipIDMasked: false, isChipKeyMasked: false) }
        }
        let lower = levels(processor.platform) { $0.snp -= 1 }
        #expect(report(lower) == .success && processor.platform.reportedTCB == lower)
        try processor.install(processor.platform.currentFirmware, tcb: levels(processor.platform) { $0.snp += 1 })
        #expect(report(processor.platform.currentTCB) == .invalidParameter)
        #expect(report(TCBVersion(rawValue: lower.rawValue | 1 << 24)) == .invalidParameter)
        #expect(processor.platform.reportedTCB == lower)
        #expect(report(TCBVersion(rawValue: 0)) == .success && processor.platform.reportedTCB == committed)
        processor.commit()
        #expect(processor.platform.reportedTCB == processor.platform.currentTCB)
    }

    @Test func aGuestSeesTheLevelsMove() throws {
        let processor = try GuestFixture.processor()
        let guest = try GuestFixture.running(processor)
        let launched = processor.platform.currentTCB
        let higher = levels(processor.platform) { $0.bootLoader += 1 }
        try processor.install(processor.platform.currentFirmware, tcb: higher)
        let provisional = try AttestationReport(parsing: try guest.report().bytes)
        #expect(provisional.currentTCB == higher && provisional.committedTCB == launched)
        #expect(provisional.reportedTCB == launched && provisional.launchTCB == launched)
        processor.commit()
        let committed = try AttestationReport(parsing: try guest.report().bytes)
        #expect(committed.reportedTCB == higher && committed.committedTCB == higher)
        #expect(committed.launchTCB == launched)
    }

    @Test func keysAreOfOneChipAndOneTCB() throws {
        var points: Set<[UInt8]> = []
        for number: UInt8 in 1...3 {
            for microcode: UInt8 in [1, 2, 3] {
                let chip = try EmulatedKeys.chip(.milan, number)
                let key = try chip.vcek(EmulatedKeys.tcb(.milan, microcode: microcode))
                points.insert(key.x + key.y)
            }
        }
        let genoa = try EmulatedKeys.chip(.genoa)
        let same = try genoa.vcek(EmulatedKeys.tcb(.milan, microcode: 1))
        points.insert(same.x + same.y)
        #expect(points.count == 10)
        let again = try EmulatedKeys.chip(.milan, 2).vcek(EmulatedKeys.tcb(.milan, microcode: 2))
        #expect(points.contains(again.x + again.y))
    }

    /// By the offsets of struct sev_user_data_snp_status.
    @Test func statusIsLaidOutAsLinuxReadsIt() throws {
        let processor = try GuestFixture.processor()
        processor.loadVLEK(try EmulatedKeys.vlek())
        _ = try GuestFixture(processor)
        let bytes = processor.platformStatus.encoded()
        #expect(bytes.count == 32)
        #expect(Array(bytes[0..<4]) == [1, 55, 1, 1])
        #expect(GuestFixture.number(bytes, 4) == 35)
        #expect(GuestFixture.number(bytes, 8) == 4)
        #expect(GuestFixture.number(bytes, 12) == 1)
        #expect(Hexadecimal.encode(bytes[16..<24]) == "04000000000018db")
        #expect(Hexadecimal.encode(bytes[24..<32]) == "04000000000018db")
    }

    @Test func chipsAndProvidersHaveWholeSecrets() throws {
        for count in [0, 63, 65] {
            let chip = Chip(
                .milan, identifier: [UInt8](repeating: 1, count: 64),
                seed: EmulatedKeys.secret([UInt8](repeating: 1, count: count)))
            let isRefused = chip == nil
            #expect(isRefused)
            let vlek = LoadedEndorsementKey(
                provider: "CN=x", seed: EmulatedKeys.secret([UInt8](repeating: 1, count: count)))
            #expect(vlek == nil)
        }
        for name in ["", "ü", String(repeating: "x", count: 65), "a\nb"] {
            let seed = EmulatedKeys.secret([UInt8](repeating: 1, count: 64))
            #expect(LoadedEndorsementKey(provider: name, seed: seed) == nil, "\(name)")
        }
        let turin = try Chip.generate(.turin)
        #expect(turin.identifier.count == 8)
        let another = try Chip.generate(.turin)
        #expect(turin.identifier != another.identifier)
    }
}
