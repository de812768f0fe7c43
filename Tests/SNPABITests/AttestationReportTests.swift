import BoundedBytes
import Foundation
import SNPABI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct AttestationReportTests {
    @Test(arguments: RealReport.all) func hasTheFieldsThatAnotherReaderFound(_ real: RealReport) throws {
        let report = try AttestationReport(parsing: real.bytes)
        let expected = try real.expected
        let fields = try #require(expected["fields"] as? [String: Any])
        #expect(report.version == (fields["version"] as? UInt32))
        #expect(report.guestSVN == (fields["guest_svn"] as? UInt32))
        #expect(report.vmpl == (fields["vmpl"] as? UInt32))
        #expect(report.signatureAlgorithm == (fields["sig_algo"] as? UInt32))
        #expect("0x" + String(report.policy.rawValue, radix: 16) == (fields["policy"] as? String))
        #expect("0x" + String(report.platformInfo.rawValue, radix: 16) == (fields["platform_info"] as? String))
        #expect("0x" + String(report.flags.rawValue, radix: 16) == (fields["flags"] as? String))
        let hexadecimal: [(String, [UInt8])] = [
            ("family_id", report.familyID), ("image_id", report.imageID), ("report_data", report.reportData),
            ("measurement", report.measurement), ("host_data", report.hostData),
            ("id_key_digest", report.idKeyDigest), ("author_key_digest", report.authorKeyDigest),
            ("report_id", report.reportID), ("report_id_ma", report.migrationReportID), ("chip_id", report.chipID),
        ]
        for (key, bytes) in hexadecimal { #expect(Hexadecimal.encode(bytes) == (fields[key] as? String), "\(key)") }
        let versions: [(String, TCBVersion)] = [
            ("current_tcb", report.currentTCB), ("reported_tcb", report.reportedTCB),
            ("committed_tcb", report.committedTCB), ("launch_tcb", report.launchTCB),
        ]
        for (key, version) in versions { #expect(version.description == (fields[key] as? String), "\(key)") }
        for (key, version) in [
            ("current_ver(build,minor,major)", report.currentFirmware),
            ("committed_ver(build,minor,major)", report.committedFirmware),
        ] {
            #expect([version.build, version.minor, version.major] == (fields[key] as? [UInt8]), "\(key)")
        }
        if let processor = report.processor {
            let shown = Hexadecimal.encode([processor.family, processor.model, processor.stepping])
            #expect(shown == (fields["cpuid_fam_mod_step"] as? String))
        }
        #expect((report.processor == nil) == (report.version == 2))
        #expect((report.mitigations == nil) == (report.version < 5))
        let upper = String(repeating: "0", count: 48)
        #expect(upper + Hexadecimal.encode(report.signature.r) == (expected["signature_r_be"] as? String))
        #expect(upper + Hexadecimal.encode(report.signature.s) == (expected["signature_s_be"] as? String))
    }

    @Test(arguments: RealReport.all) func isWrittenAsItWasRead(_ real: RealReport) throws {
        let bytes = try real.bytes
        let report = try AttestationReport(parsing: bytes)
        #expect(report.encoded() == bytes)
        #expect(report.signedBytes == Array(bytes[..<AttestationReport.signedByteCount]))
    }

    @Test(arguments: RealReport.all) func namesTheGenerationThatMadeIt(_ real: RealReport) throws {
        let report = try AttestationReport(parsing: real.bytes)
        guard let processor = report.processor else { return }
        #expect(real.name.hasPrefix(try #require(processor.generation).rawValue.lowercased()))
    }

    @Test func isRefusedAtEveryOtherLength() throws {
        let bytes = try RealReport.all[0].bytes
        for count in 0..<bytes.count {
            #expect(throws: SNPFormatError.self) { try AttestationReport(parsing: Array(bytes[..<count])) }
        }
        #expect(throws: SNPFormatError.self) { try AttestationReport(parsing: bytes + [0]) }
    }

    @Test(arguments: ["cocos-milan-v2-vmpl2", "lit-milan-v2-report-badsig", "lit-report-truncated"])
    func refusesWhatIsLongerOrShorter(_ name: String) throws {
        let bytes = try SharedData.bytes("snp/reports/unverified/\(name).bin")
        #expect(throws: SNPFormatError.self) { try AttestationReport(parsing: bytes) }
    }

    @Test func readsOthersThatCannotBeVerified() throws {
        let lit = try AttestationReport(parsing: SharedData.bytes("snp/reports/unverified/lit-milan-v2-report.bin"))
        #expect(lit.version == 2)
        let cocos = try SharedData.bytes("snp/reports/unverified/cocos-milan-v2-vmpl2.bin")
        #expect(try AttestationReport(parsing: Array(cocos[..<AttestationReport.byteCount])).vmpl == 2)
    }

    /// Every reserved byte of version 2, and what the first bytes of a version are.
    @Test func refusesReservedBytesAndUnknownVersions() throws {
        let bytes = try RealReport.all[2].bytes
        let reserved =
            [0x4C..<0x50, 0x188..<0x1A0, 0x1EB..<0x1EC, 0x1EF..<0x1F0, 0x1F8..<0x2A0, 0x2D0..<0x2E8, 0x318..<0x4A0]
        for offset in reserved.joined() {
            var changed = bytes
            changed[offset] = 1
            #expect(throws: SNPFormatError("ATTESTATION_REPORT", .bytes(.reservedNotZero(offset: offset)))) {
                try AttestationReport(parsing: changed)
            }
        }
        for version: UInt8 in [0, 1, 6, 255] {
            var changed = bytes
            changed[0] = version
            #expect(throws: SNPFormatError("ATTESTATION_REPORT", .version(UInt32(version)))) {
                try AttestationReport(parsing: changed)
            }
        }
        var changed = bytes
        changed[0x48] = 0x20
        #expect(throws: SNPFormatError("ATTESTATION_REPORT", .value(field: "flags", 0x20))) {
            try AttestationReport(parsing: changed)
        }
    }
}
