import BoundedBytes
import LaunchMeasurement
import SNPABI
import Testing

@Suite struct LaunchRefusalTests {
    private let milan = ProcessorIdentity(family: 0x19, model: 1, stepping: 1)
    private let hashes = SEVHashesTable(
        commandLine: [UInt8](repeating: 1, count: 32), initrd: [UInt8](repeating: 2, count: 32),
        kernel: [UInt8](repeating: 3, count: 32))

    private func configuration(
        _ firmware: SyntheticFirmware, mode: ProtectionMode = .sevSNP, count: Int = 2, hasKernel: Bool = true
    ) throws -> LaunchConfiguration {
        LaunchConfiguration(
            mode: mode, firmware: try FirmwareImage(parsing: firmware.bytes), processorCount: count, processor: milan,
            hashes: hasKernel ? hashes : nil)
    }

    private func measure(
        _ firmware: SyntheticFirmware, mode: ProtectionMode = .sevSNP, count: Int = 2, hasKernel: Bool = true
    ) throws -> [UInt8] {
        try LaunchMeasurement.compute(
            try configuration(firmware, mode: mode, count: count, hasKernel: hasKernel))
    }

    /// The pages that the host loads, in its order: what the emulated AMD-SP is given, too.
    @Test func plansThePagesInTheirOrder() throws {
        let firmware = SyntheticFirmware()
        let plan = try LaunchPlan(try configuration(firmware))
        #expect(plan.pages.map(\.type) == [.normal, .zero, .secrets, .cpuid, .normal, .vmsa, .vmsa])
        let save = LaunchDigest.vmsaAddress
        let addresses: [UInt64] = [0xFFFF_F000, 0x80_0000, 0x80_2000, 0x80_3000, 0x80_4000, save, save]
        #expect(plan.pages.map(\.address) == addresses)
        #expect(plan.pages.map(\.pageCount) == [1, 2, 1, 1, 1, 1, 1])
        #expect(plan.images[0].bytes == firmware.bytes)
        let page = try #require(plan.sections[3].bytes)
        #expect(Array(page[0xC00..<0xCB0]) == hashes.encoded())
        #expect(page[..<0xC00].allSatisfy { $0 == 0 } && page[0xCB0...].allSatisfy { $0 == 0 })
        let bytes = try #require(plan.saveAreas[1].bytes)
        let other = try VMSA(parsing: bytes)
        #expect(other[.rip] == 0xB004)
        #expect(other[.cs].base == 0x80_0000)
    }

    @Test func fillsTheHashesPageWithZerosWithoutAKernel() throws {
        let plan = try LaunchPlan(try configuration(SyntheticFirmware(), hasKernel: false))
        #expect(plan.sections.map(\.type) == [.zero, .secrets, .cpuid, .zero])
    }

    /// Amazon fills CPUID pages last; Google does not measure the firmware's own memory.
    @Test func knowsTheOrderOfOtherHosts() throws {
        var ec2 = try configuration(SyntheticFirmware(), hasKernel: false)
        ec2.monitor = .ec2
        #expect(try LaunchPlan(ec2).sections.map(\.type) == [.zero, .secrets, .zero, .cpuid])
        var gce = ec2
        gce.monitor = .gce
        #expect(try LaunchPlan(gce).sections.map(\.type) == [.unmeasured, .secrets, .cpuid, .zero])
    }

    @Test func refusesAFirmwareThatCannotStart() throws {
        var firmware = SyntheticFirmware()
        firmware.sections = nil
        #expect(throws: LaunchError.noMetadata) { try measure(firmware) }
        #expect(try measure(firmware, mode: .sev).count == 32)
        firmware = SyntheticFirmware()
        firmware.resetBlock = nil
        for mode in [ProtectionMode.sevSNP, .sevES] {
            #expect(throws: LaunchError.noResetBlock) { try measure(firmware, mode: mode, count: 1) }
        }
        #expect(try measure(firmware, mode: .sev).count == 32)
        firmware.resetBlock = 0
        #expect(try measure(firmware, count: 1).count == 48)
        #expect(throws: LaunchError.noResetBlock) { try measure(firmware, count: 2) }
    }

    @Test func refusesAKernelThatNobodyWouldCheck() throws {
        var firmware = SyntheticFirmware()
        firmware.sections?.removeLast()
        #expect(throws: LaunchError.noKernelHashes) { try measure(firmware) }
        #expect(try measure(firmware, hasKernel: false).count == 48)
        for area in [nil, (0, 0)] as [(UInt32, UInt32)?] {
            firmware = SyntheticFirmware()
            firmware.hashesArea = area
            for mode in ProtectionMode.allCases {
                #expect(throws: LaunchError.noKernelHashes) { try measure(firmware, mode: mode) }
                #expect(try measure(firmware, mode: mode, hasKernel: false).count == mode.measurementByteCount)
            }
        }
    }

    /// The table must lie in the page that is measured for it.
    @Test(arguments: [0x80_3FFF, 0x80_4F51, 0x80_5000, 0xFFFF_FFFF] as [UInt32])
    func refusesAHashesTableBesideItsPage(_ address: UInt32) throws {
        var firmware = SyntheticFirmware()
        firmware.hashesArea = (address, 0x400)
        let error = SNPFormatError("SEV hashes table", .range(field: "area", UInt64(address)))
        #expect(throws: LaunchError.format(error)) { try measure(firmware) }
        firmware.hashesArea = (0x80_4F50, 176)
        #expect(try measure(firmware).count == 48)
        firmware.hashesArea = (0x80_4F50, 175)
        #expect(throws: LaunchError.self) { try measure(firmware) }
        #expect(throws: LaunchError.noKernelHashes) { try measure(firmware, mode: .sev) }
    }

    @Test(arguments: [-1, 0, 4097, Int.max]) func refusesNumbersOfProcessorsThatNobodyHas(_ count: Int) throws {
        for mode in [ProtectionMode.sevSNP, .sevES] {
            #expect(throws: LaunchError.processorCount(count)) {
                try measure(SyntheticFirmware(), mode: mode, count: count)
            }
        }
    }

    /// Sections over the firmware itself, which no table of it can show.
    @Test func refusesASectionOnTheFirmware() throws {
        var firmware = SyntheticFirmware()
        firmware.sections?.append(.init(address: 0xFFFF_F000, byteCount: 0x1000, type: 1))
        #expect(throws: LaunchError.overlap(0xFFFF_F000)) { try measure(firmware) }
    }

    @Test func refusesAnSVSMWhereThereIsNone() throws {
        let image = SyntheticFirmware()
        var launch = try configuration(image, hasKernel: false)
        launch.svsm = try FirmwareImage(parsing: image.bytes, endingAt: 0xFFF0_0000)
        #expect(throws: LaunchError.noSVSMEntry) { try LaunchMeasurement.compute(launch) }
        var other = launch
        other.monitor = .ec2
        #expect(throws: LaunchError.self) { try LaunchMeasurement.compute(other) }
        other = launch
        other.hashes = hashes
        #expect(throws: LaunchError.self) { try LaunchMeasurement.compute(other) }
        other = launch
        other.mode = .sevES
        #expect(throws: LaunchError.self) { try LaunchMeasurement.compute(other) }
        #expect(throws: LaunchError.self) { try LaunchPlan(other) }
    }

    @Test func needsWholePagesUnderSNPOnly() throws {
        var firmware = SyntheticFirmware()
        firmware.byteCount = 4097
        #expect(throws: LaunchError.self) { try measure(firmware) }
        #expect(try measure(firmware, mode: .sevES).count == 32)
    }

    @Test func saysWhy() {
        #expect(LaunchError.processorCount(0).description == "0 virtual CPUs; 1 to 4096 are possible")
        #expect(LaunchError.overlap(0x80_0000).description == "two parts of the guest lie at 0x800000")
    }
}
