import EventLog
import Foundation
import JSON
import TestSupport

/// The logs in `data/eventlog`, each from a real machine or VM; PROVENANCE.tsv beside them says which.
enum SampleLogs {
    static let names: [String] = {
        guard let folder = SharedData.folder?.appending(path: "eventlog").path() else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".bin") }.map { String($0.dropLast(4)) }.sorted()
    }()

    static func bytes(_ name: String) throws -> [UInt8] { try SharedData.bytes("eventlog/\(name).bin") }
    static func log(_ name: String) throws -> EventLog { try EventLog(parsing: try bytes(name)) }

    /// What others say about the log: the collector's sidecar file.
    static func expected(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: try SharedData.bytes("eventlog/\(name).expected.json"))
    }
}
