import Foundation
import TestSupport
import Testing

/// The reports of real machines, with what an independent reader found in them.
struct RealReport: Sendable, CustomTestStringConvertible {
    let name: String
    var testDescription: String { name }

    static let all = [
        "genoa-v5-vcek-oak", "milan-v2-vcek-azure-trustee", "milan-v2-vcek-virtee", "milan-v3-vcek-oak-cb",
        "milan-v3-vcek-oak-containers", "milan-v3-vlek-aws-trustee-vmpl1", "turin-v5-vcek-oak",
    ].map { RealReport(name: $0) }

    var bytes: [UInt8] { get throws { try SharedData.bytes("snp/reports/\(name)/report.bin") } }

    var expected: [String: Any] {
        get throws {
            let data = Data(try SharedData.bytes("snp/reports/\(name)/expected.json"))
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }
    }
}
