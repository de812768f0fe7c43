import BoundedBytes
import Cryptography
import Foundation
import InitramfsRuntime
import TestSupport
import Testing

@testable import Prediction

struct TemplateTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Packaging/templates").standardized.path()
    private static let name = "ovmf-debian12-secureboot"

    @Test(.enabled(if: DebianImages.isPresent)) func givesTheValuesOfTheDemoWithoutItsLog() throws {
        let template = try Template.read(Self.name, in: Self.folder)
        #expect(template.firmware.contains("OVMF 2022.11-6+deb12u2"))
        #expect(template.hasFirmwareSetup == true)
        let history = BootHistory(template)
        let prediction = try Prediction.make(of: DemoBoot.disk(), after: history)
        #expect(prediction.gaps.isEmpty)
        for pcr: UInt32 in [4, 7, 8, 9, 11, 14] {
            let value = try prediction.value(of: pcr, .sha256).map { Hexadecimal.encode($0) }
            #expect(try value == DemoBoot.values(.sha256)[pcr])
        }
        let reasons = prediction.events.filter { $0.pcr == 7 || $0.pcr == 14 }.map { $0.reason }
        #expect(reasons.allSatisfy { $0 == .template(Self.name) || $0 == .contents("db") })
    }

    /// Each a change of the template's text, and a word of the refusal.
    @Test(arguments: [
        ("\"version\": 1", "\"version\": 2", "unknown version"),
        ("\"log\": \"", "\"log\": \"../", "no file name"), ("32dee5", "42dee5", "firmware_blobs"),
        ("\"log_sha256\": \"", "\"log_sha256\": \"0", "log_sha256"), ("\"name\"", "\"nom\"", "name"),
        ("{", "[", "JSON"),
        ("\"firmware_setup\": true", "\"firmware_setup\": 1", "firmware_setup"),
        ("\"version\"", "\"extra\": 1, \"version\"", "extra"),
    ]) func refusesADamagedTemplate(_ old: String, _ new: String, _ words: String) throws {
        let scratch = try Scratch()
        try scratch.shell("cp '\(Self.folder)'/* .")
        let text = String(decoding: try scratch.bytes(Self.name + ".json"), as: UTF8.self)
        let changed = text.replacingOccurrences(of: old, with: new)
        try #require(changed != text)
        try scratch.write(Array(changed.utf8), to: Self.name + ".json")
        do throws(PredictionError) {
            _ = try Template.read(Self.name, in: scratch.path)
            Issue.record("not refused")
        } catch {
            #expect(error.exitCode == .malformed)
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test func saysThatATemplateIsMissing() throws {
        do throws(PredictionError) {
            _ = try Template.read("/nowhere/none.json")
            Issue.record("read")
        } catch { #expect(error.exitCode == .missing) }
    }
}
