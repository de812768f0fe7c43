import BoundedBytes
import Cryptography
import EFI
import EventLog
import InstalledSystem
import TestSupport
import Testing

@testable import Prediction

/// The demo's firmware with other variables than in its last boot.
@Suite(.enabled(if: DebianImages.isPresent)) struct FirmwareSettingsTests {
    private let tree: DemoTree

    init() throws { tree = try DemoTree() }

    private static let global = "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    private static let database = "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
    private static let shim = "-605dab50-e046-4300-abb6-3dd810dd8b23"

    /// UEFI_VARIABLE_DATA as the profile draws it, by the shell.
    private func digest(ofDBX bytes: [UInt8]) throws -> String {
        try tree.scratch.write(bytes, to: "value")
        // GUID, 3 units, length of the value, "dbx" in UTF-16.
        let length = String(bytes.count, radix: 8)
        return try tree.scratch.shell(
            """
            { printf '\\313\\262\\031\\327\\072\\075\\226\\105\\243\\274\\332\\320\\016\\147\\145\\157'
            printf '\\003\\000\\000\\000\\000\\000\\000\\000\\\(length)\\000\\000\\000\\000\\000\\000\\000d\\000b\\000x\\000'
            cat value; } | sha256sum | cut -d' ' -f1
            """)
    }

    @Test func measuresTheDBXThatTheNextBootFinds() throws {
        // A list with one digest of nothing that boots.
        let type = SignatureList.sha256.bytes
        let dbx = type + [76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0] + [UInt8](repeating: 7, count: 48)
        let prediction = try tree.predict(variables: ["dbx" + Self.database: dbx])
        #expect(prediction.gaps.isEmpty)
        let event = try #require(prediction.events.first { $0.text == "dbx" })
        #expect(event.reason == .variable)
        #expect(try Hexadecimal.encode(event.digests[1]) == digest(ofDBX: dbx))
        #expect(try prediction.value(of: 7, .sha256).map { Hexadecimal.encode($0) } != DemoBoot.values(.sha256)[7])
        #expect(try prediction.value(of: 4, .sha256).map { Hexadecimal.encode($0) } == DemoBoot.values(.sha256)[4])
    }

    /// tpm2-tools read the log that is written of it, and come to the values that are predicted.
    @Test func writesTheLogOfTheNextBoot() throws {
        let type = SignatureList.sha256.bytes
        let dbx = type + [76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0] + [UInt8](repeating: 7, count: 48)
        let prediction = try tree.predict(variables: ["dbx" + Self.database: dbx])
        let log = try #require(try prediction.log(after: DemoBoot.log()))
        try tree.scratch.write(log.bytes, to: "log")
        let replayed = try tree.scratch.shell("tpm2_eventlog log | sed -n 's/^ *\\([0-9]*\\) *: 0x/\\1 /p'")
        for pcr: UInt32 in [4, 7, 8, 9, 14] {
            let value = try #require(try prediction.value(of: pcr, .sha256))
            #expect(replayed.contains("\(pcr) \(Hexadecimal.encode(value))\n"), "PCR \(pcr): \(replayed)")
        }
    }

    /// A dbx that names shim itself: the firmware will not start it.
    @Test func seesThatTheFirmwareRefusesShim() throws {
        let type = SignatureList.sha256.bytes
        let first = try #require(BootHistory(log: DemoBoot.log()).programs.first)
        let log = try DemoBoot.log()
        let sha256 = try #require(log.digest(of: first, in: log.banks[1]))
        let dbx = type + [76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0] + [UInt8](repeating: 7, count: 16) + sha256
        let prediction = try tree.predict(variables: ["dbx" + Self.database: dbx])
        let gap = try #require(prediction.gaps.first)
        #expect(gap.pcrs == Prediction.pcrs && gap.reason == "the firmware will not start it: dbx forbids it")
    }

    /// The same against GRUB, which shim asks about.
    @Test func seesThatShimRefusesGRUB() throws {
        let log = try DemoBoot.log()
        let second = try #require(BootHistory(log: log).programs.dropFirst().first)
        let sha256 = try #require(log.digest(of: second, in: log.banks[1]))
        let type = SignatureList.sha256.bytes
        let dbx = type + [76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0] + [UInt8](repeating: 7, count: 16) + sha256
        let prediction = try tree.predict(variables: ["dbx" + Self.database: dbx])
        let gap = try #require(prediction.gaps.first)
        #expect(gap.pcrs == Prediction.pcrs && gap.reason == "shim will not start it: dbx forbids it")
        #expect(gap.event.hasSuffix("grubx64.efi"))
    }

    @Test(arguments: [
        ("MokNew", "-605dab50-e046-4300-abb6-3dd810dd8b23", [UInt32]([4, 7, 8, 9, 11, 12, 14])),
        ("MokSB", "-605dab50-e046-4300-abb6-3dd810dd8b23", [4, 7, 8, 9, 11, 12, 14]),
        ("SbatPolicy", "-605dab50-e046-4300-abb6-3dd810dd8b23", [7]),
        ("BootNext", "-8be4df61-93ca-11d2-aa0d-00e098032b8c", [4, 7, 8, 9, 11, 12, 14]),
    ]) func saysWhatARequestMakesUnknown(_ name: String, _ vendor: String, _ pcrs: [UInt32]) throws {
        let prediction = try tree.predict(variables: [name + vendor: [1, 0]])
        #expect(prediction.gaps.map { $0.pcrs } == [pcrs])
        #expect(prediction.gaps.first?.reason.contains(name) == true)
        #expect(prediction.gaps.first?.reason.contains("mokutil --revoke-import") == (name == "MokNew"))
    }

    /// Boot0005, put first as grub-install does it: it starts shim from its own folder, which has the same programs.
    @Test func followsANewBootEntry() throws {
        let guid: [UInt8] = [0x07, 0x20, 0xA1, 0x5E, 0, 0, 0, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 1]
        func utf16(_ text: String) -> [UInt8] { Array(text.utf8).flatMap { (byte: UInt8) -> [UInt8] in [byte, 0] } }
        let file = utf16("\\EFI\\debian\\shimx64.efi\0")
        var drive: [UInt8] = [4, 1, 42, 0, 1, 0, 0, 0]
        drive += [UInt8](repeating: 0, count: 16)
        drive += guid
        drive += [2, 2]
        var path: [UInt8] = drive
        path += [4, 4, UInt8(file.count + 4), 0]
        path += file
        path += [0x7F, 0xFF, 4, 0]
        let title = utf16("debian\0")
        var option: [UInt8] = [1, 0, 0, 0, UInt8(path.count), 0]
        option += title
        option += path
        func predict(_ option: [UInt8]) throws -> Prediction {
            try tree.predict(variables: ["Boot0005" + Self.global: option, "BootOrder" + Self.global: [5, 0, 1, 0]])
        }
        let prediction = try predict(option)
        #expect(prediction.gaps.isEmpty)
        #expect(
            prediction.events.first { $0.pcr == 4 && $0.type == .bootServicesApplication }?.text
                == "shim /EFI/debian/shimx64.efi")
        #expect(try prediction.value(of: 4, .sha256).map { Hexadecimal.encode($0) } == DemoBoot.values(.sha256)[4])
        // Another partition, an inactive entry, options, and no entry at all.
        var elsewhere = option
        elsewhere[6 + title.count + 24] ^= 1
        for other in [elsewhere, Array([0] + option.dropFirst()), option + [1], [UInt8]()] {
            let unknown = try predict(other)
            #expect(unknown.gaps.map { $0.pcrs } == [Prediction.pcrs])
            #expect(unknown.gaps.first?.reason.contains("Boot0005") == true)
        }
    }
}
