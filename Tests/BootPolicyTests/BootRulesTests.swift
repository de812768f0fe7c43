import BootPolicy
import BoundedBytes
import Cryptography
import EFI
import EventLog
import Testing

/// What each rule refuses, and the words in which it says so.
@Suite struct BootRulesTests {
    private func hash(_ bytes: [UInt8]) throws -> [UInt8] { try DigestAlgorithm.sha256.hash(bytes) }
    private let evil = [UInt8](repeating: 0xE1, count: 32)

    @Test(arguments: [("BOOTX64.EFI", "shim"), ("grubx64.efi", "grub")])
    func anotherProgramIsNamedWithItsFileAndBothDigests(_ file: String, _ component: String) throws {
        var boot = try DemoBoot()
        boot.records[try boot.index(pcr: 4, .bootServicesApplication, file)].digest = evil
        let refused = try #require(try boot.verdict().firstRefused)
        #expect(refused.component.name == component)
        #expect(refused.digest == evil)
        #expect(refused.subject.hasSuffix(file))
        let expected = component == "shim" ? DemoBoot.shim : DemoBoot.grub
        #expect(refused.line.contains("REFUSED e1e1e1e1e1e1e1e1 "))
        #expect(refused.line.contains("expected " + Hexadecimal.encode(expected)))
    }

    @Test func anotherKernelIsRefused() throws {
        var boot = try DemoBoot()
        for index in boot.records.indices where boot.records[index].digest == DemoBoot.kernel {
            boot.records[index].digest = evil
        }
        let refused = try #require(try boot.verdict().firstRefused)
        #expect(refused.component == .program(.kernel))
        #expect(refused.line.contains("/boot/vmlinuz-6.1.0-56-amd64"))
    }

    @Test func aProgramBehindTheKernelOrOutOfOrderIsRefused() throws {
        let boot = try DemoBoot()
        let kernel = try #require(boot.records.firstIndex { $0.digest == DemoBoot.kernel })
        var extra = boot
        extra.records.insert(extra.records[kernel], at: kernel + 2)
        extra.records[kernel + 2].digest = evil
        #expect(try extra.verdict().firstRefused?.refusal == .afterKernel)
        var again = boot
        again.records.insert(
            again.records[try boot.index(pcr: 4, .bootServicesApplication, "grubx64.efi")], at: kernel + 2)
        #expect(try again.verdict().firstRefused?.refusal == .wrongStage)
    }

    @Test func aStageThatIsPassedOverIsMissed() throws {
        let boot = try DemoBoot()
        for (file, component) in [("BOOTX64.EFI", "shim"), ("grubx64.efi", "grub")] {
            var shorter = boot
            shorter.records.remove(at: try boot.index(pcr: 4, .bootServicesApplication, file))
            let refused = try #require(try shorter.verdict().firstRefused)
            #expect(refused.component.name == component)
            #expect(refused.line.contains("never started"))
        }
        var noKernel = boot
        noKernel.records.removeAll { $0.digest == DemoBoot.kernel }
        #expect(try noKernel.verdict().firstRefused?.component == .program(.kernel))
    }

    @Test func aDriverNeedsTheReference() throws {
        var boot = try DemoBoot()
        var driver = boot.records[try boot.index(pcr: 4, .bootServicesApplication, "BOOTX64.EFI")]
        driver.type = .bootServicesDriver
        driver.pcr = 2
        driver.digest = evil
        boot.records.insert(driver, at: 5)
        let refused = try #require(try boot.verdict().firstRefused)
        #expect(refused.refusal == .unexpectedDriver)
        #expect(refused.digest == evil)
        let allowing = DemoBoot.reference(drivers: [Reference.Driver(digest: evil, file: "rom")])
        #expect(try boot.verdict(allowing).isAccepted)
    }

    @Test func secureBootMustBeOn() throws {
        var off = try DemoBoot()
        let index = try off.index(pcr: 7, .variableDriverConfig, "SecureBoot")
        off.records[index].data[off.records[index].data.count - 1] = 0
        off.records[index].digest = try hash(off.records[index].data)
        #expect(try off.verdict().firstRefused?.refusal == .secureBootOff)
        var missing = try DemoBoot()
        missing.records.remove(at: index)
        #expect(try missing.verdict().firstRefused?.refusal == .missingVariable("SecureBoot"))
        var twice = try DemoBoot()
        twice.records.insert(twice.records[index], at: index)
        #expect(try twice.verdict().firstRefused?.refusal == .doubledVariable("SecureBoot"))
    }

    @Test(arguments: ["PK", "KEK", "db", "dbx"])
    func aPinnedVariableMustBeTheSame(_ name: String) throws {
        let boot = try DemoBoot()
        let variable = boot.records[try variableIndex(boot, name)]
        let value = Array(variable.data.dropFirst(32 + 2 * name.utf8.count))
        let right = DemoBoot.reference(variables: [Reference.Pinned(name: name, digest: try hash(value))])
        #expect(try boot.verdict(right).isAccepted)
        let wrong = DemoBoot.reference(variables: [Reference.Pinned(name: name, digest: evil)])
        #expect(
            try boot.verdict(wrong).firstRefused?.refusal
                == .otherVariable(name, expected: evil, found: try hash(value)))
        var missing = boot
        missing.records.remove(at: try variableIndex(boot, name))
        #expect(try missing.verdict(right).firstRefused?.refusal == .missingVariable(name))
    }

    /// "db" is a part of "dbx", so by the length of the name.
    private func variableIndex(_ boot: DemoBoot, _ name: String) throws -> Int {
        try #require(
            boot.records.firstIndex {
                $0.pcr == 7 && $0.type == .variableDriverConfig && $0.data[16] == name.utf8.count
                    && $0.data[32] == name.utf8.first
            })
    }

    @Test func theSBATLevelMustNotSink() throws {
        let boot = try DemoBoot()
        #expect(try boot.verdict(DemoBoot.reference(sbat: [.init(component: "grub", generation: 5)])).isAccepted)
        let higher = DemoBoot.reference(sbat: [.init(component: "grub", generation: 6)])
        #expect(
            try boot.verdict(higher).firstRefused?.refusal == .lowSBATLevel(component: "grub", found: 5, required: 6))
        let other = DemoBoot.reference(sbat: [.init(component: "systemd", generation: 1)])
        #expect(
            try boot.verdict(other).firstRefused?.refusal
                == .lowSBATLevel(component: "systemd", found: nil, required: 1))
        var missing = boot
        missing.records.remove(at: try boot.index(pcr: 7, .variableAuthority, "SbatLevel"))
        #expect(try missing.verdict(higher).firstRefused?.refusal == .noSBATLevel)
    }

    @Test func pinnedMOKListsMustBeTheSame() throws {
        let boot = try DemoBoot()
        let real = boot.records.filter { $0.pcr == 14 }.map { record in
            Reference.Pinned(name: String(decoding: record.data.dropLast(), as: UTF8.self), digest: record.digest)
        }
        #expect(real.map(\.name) == ["MokList", "MokListX", "MokListTrusted"])
        #expect(try boot.verdict(DemoBoot.reference(mok: real)).isAccepted)
        let fewer = DemoBoot.reference(mok: Array(real.dropLast()))
        #expect(try boot.verdict(fewer).firstRefused?.component == .mok)
        let more = DemoBoot.reference(mok: real + [Reference.Pinned(name: "MokPolicy", digest: evil)])
        #expect(try boot.verdict(more).firstRefused?.refusal == .missingVariable("MokPolicy"))
        var changed = boot
        changed.records[try boot.index(pcr: 14, .ipl, "MokListX")].digest = evil
        #expect(
            try changed.verdict(DemoBoot.reference(mok: real)).firstRefused?.refusal
                == .otherVariable("MokListX", expected: real[1].digest, found: evil))
    }

    @Test func shimWithoutValidationIsRefused() throws {
        var boot = try DemoBoot()
        let index = try boot.index(pcr: 14, .ipl, "MokListTrusted")
        boot.records[index].data = Array("MokSBState\0".utf8)
        boot.records[index].digest = try hash([1])
        #expect(try boot.verdict().firstRefused?.refusal == .validationOff)
    }

    @Test func separatorsPartTheFirmwareFromWhatItStarts() throws {
        for pcr in UInt32(0)...7 {
            let boot = try DemoBoot()
            let index = try boot.index(pcr: pcr, .separator)
            var missing = boot
            missing.records.remove(at: index)
            let refused = try #require(try missing.verdict().firstRefused)
            // In PCR 4, shim then comes before any separator.
            #expect(refused.component == .order && (pcr == 4 || refused.refusal == .separators(pcr: pcr, count: 0)))
            var twice = boot
            twice.records.insert(twice.records[index], at: index)
            #expect(try twice.verdict().firstRefused?.refusal == .separators(pcr: pcr, count: 2))
            var error = boot
            error.records[index].data = [1, 0, 0, 0]
            error.records[index].digest = try hash([1, 0, 0, 0])
            #expect(try !error.verdict().isAccepted)
        }
        var early = try DemoBoot()
        let shim = early.records.remove(at: try early.index(pcr: 4, .bootServicesApplication, "BOOTX64.EFI"))
        early.records.insert(shim, at: 3)
        guard case .outOfOrder(_, .bootServicesApplication, pcr: 4) = try early.verdict().firstRefused?.refusal else {
            Issue.record("an application before the separator is accepted")
            return
        }
        var late = try DemoBoot()
        let dbx = late.records.remove(at: try late.index(pcr: 7, .variableDriverConfig, "dbx"))
        late.records.append(dbx)
        guard case .outOfOrder(_, .variableDriverConfig, pcr: 7) = try late.verdict().firstRefused?.refusal else {
            Issue.record("a key behind the separator is accepted")
            return
        }
    }

    @Test func theFirmwareDebuggerIsRefused() throws {
        var boot = try DemoBoot()
        let data = Array("UEFI Debug Mode".utf8)
        boot.records.insert(
            DemoBoot.Record(pcr: 7, type: .efiAction, digest: try hash(data), data: data), at: 4)
        #expect(try boot.verdict().firstRefused?.refusal == .debugMode)
    }
}
