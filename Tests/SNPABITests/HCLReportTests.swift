import BoundedBytes
import Cryptography
import Foundation
import SNPABI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct HCLReportTests {
    private let blob: [UInt8]

    init() throws { blob = try SharedData.bytes("snp/azure-hcl/hcl-report.bin") }

    @Test func readsWhatARealMachineHas() throws {
        let data = Data(try SharedData.bytes("snp/azure-hcl/hcl.expected.json"))
        let expected = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let hcl = try HCLReport(parsing: blob)
        #expect(hcl.version == 1)
        #expect(hcl.requestType == 2)
        #expect(hcl.hashAlgorithm == .sha256)
        #expect(hcl.runtimeData.count == expected["variable_data_size"] as? Int)
        #expect(
            Hexadecimal.encode(try hcl.hashAlgorithm.hash(hcl.runtimeData)) == expected["sha256_variable_data"]
                as? String)
        let report = try AttestationReport(parsing: hcl.report)
        #expect(Hexadecimal.encode(report.reportData) == expected["report_data"] as? String)
        #expect(try hcl.isBound(to: report.reportData))
    }

    /// As the evidence of trustee has it: a list of numbers, or base64url.
    @Test(arguments: ["genoa", "v0", "v1", "v2"]) func readsThoseOfOtherMachines(_ name: String) throws {
        let data = Data(try SharedData.bytes("snp/azure-hcl/evidence-\(name).json"))
        let evidence = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let bytes: [UInt8]
        if let numbers = evidence["report"] as? [UInt8] {
            bytes = numbers
        } else {
            var text = try #require(evidence["hcl_report"] as? String)
            text = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
            text += String(repeating: "=", count: (4 - text.count % 4) % 4)
            bytes = Array(try #require(Data(base64Encoded: text)))
        }
        let hcl = try HCLReport(parsing: bytes)
        #expect(hcl.version == (name == "genoa" ? 2 : 1))
        #expect(try hcl.isBound(to: AttestationReport(parsing: hcl.report).reportData))
        #expect(hcl.runtimeData.starts(with: Array(#"{"keys":[{"kid":"HCLAkPub""#.utf8)))
    }

    @Test func isBoundToNothingElse() throws {
        let hcl = try HCLReport(parsing: blob)
        let data = try AttestationReport(parsing: hcl.report).reportData
        for index in data.indices {
            var changed = data
            changed[index] ^= 0x80
            #expect(try !hcl.isBound(to: changed))
        }
        #expect(try !hcl.isBound(to: Array(data.dropLast())))
        #expect(try !hcl.isBound(to: []))
        for offset in [0x4D4, 0x4D4 + hcl.runtimeData.count - 1] {
            var changed = blob
            changed[offset] ^= 1
            #expect(try !HCLReport(parsing: changed).isBound(to: data))
        }
    }

    /// Its own size is 2346; behind it are zeros.
    @Test func isRefusedWhereItIsCut() throws {
        let whole = try HCLReport(parsing: blob)
        for count in 0..<blob.count {
            if count < 2346 {
                #expect(throws: SNPFormatError.self) { try HCLReport(parsing: Array(blob[..<count])) }
            } else {
                #expect(try HCLReport(parsing: Array(blob[..<count])) == whole)
            }
        }
        #expect(throws: SNPFormatError("HCL report", .bytes(.reservedNotZero(offset: blob.count)))) {
            try HCLReport(parsing: blob + [1])
        }
    }

    @Test func isRefusedWhereItsSizesDisagree() throws {
        for (offset, value, reason) in [
            (0, 0, .missing("signature")), (4, 3, .version(3)), (4, 0, .version(0)),
            (8, 0x29, .range(field: "data size", 1130)), (10, 1, .range(field: "report size", 0x1_092A)),
            (9, 4, .range(field: "report size", 0x42A)), (0x4C0, 0x69, .value(field: "data size", 1129)),
            (0x4C4, 2, .version(2)), (0x4C8, 4, .value(field: "report type", 4)),
            (0x4CC, 0, .value(field: "hash type", 0)), (0x4CC, 4, .value(field: "hash type", 4)),
            (0x4D3, 0xFF, .value(field: "data size", 1130)),
        ] as [(Int, UInt8, SNPFormatError.Reason)] {
            var changed = blob
            changed[offset] = value
            #expect(throws: SNPFormatError("HCL report", reason)) { try HCLReport(parsing: changed) }
        }
        // Consistent sizes that lead out of the index.
        var long = blob
        for (offset, value) in [(8, 0xFFFF_FFFF), (0x4C0, 0xFFFF_FB3F), (0x4D0, 0xFFFF_FB2B)] as [(Int, UInt32)] {
            for index in 0..<4 { long[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
        }
        #expect(throws: SNPFormatError("HCL report", .range(field: "report size", 0xFFFF_FFFF))) {
            try HCLReport(parsing: long)
        }
    }

    /// The other algorithms that the document names, with the blob's own contents.
    @Test(arguments: [(2, "sha384sum"), (3, "sha512sum")] as [(UInt8, String)])
    func takesTheAlgorithmThatItNames(_ number: UInt8, _ program: String) throws {
        var changed = blob
        changed[0x4CC] = number
        let hcl = try HCLReport(parsing: changed)
        let scratch = try Scratch()
        try scratch.write(hcl.runtimeData, to: "data")
        let line = try scratch.shell(program + " data")
        let digest = try #require(Hexadecimal.decode(String(line.split(separator: " ")[0])))
        #expect(try hcl.isBound(to: digest + [UInt8](repeating: 0, count: 64 - digest.count)))
    }
}
