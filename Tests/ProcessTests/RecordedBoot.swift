import BoundedBytes
import EventLog
import Foundation
import JSON
import TestSupport
import Testing

/// The demo VM's boot, as its log has it, with what a test changes of it.
struct RecordedBoot {
    /// The bytes of the log.
    var log: [UInt8]
    /// SHA-256 of what the reference allows, by role.
    var programs: [(role: String, sha256: String)] = [
        ("shim", "80a66d53a945d2286fcadd780fae1c225aa732079cd67b5225dc78aaab4e2ff8"),
        ("grub", "a68f6d71ebddaa19751ff8d729f67d11b0df8e4c49400c3e7e90de16119e1265"),
        ("kernel", "6b1bf35c3bee9918250f593a6fff889c75c1e239cd2fe9e5bb0cd3de9dcb8e51"),
    ]
    /// Digests that the TPM gets in the place of those in the log, by their place in the log.
    var otherDigests: [Int: String] = [:]

    init() throws { log = try Fixtures.bytes("demo-boot/eventlog.bin") }

    /// The log's events, by their place, with PCR and SHA-256 in hexadecimal.
    func events() throws -> [(index: Int, pcr: UInt32, sha256: String)] {
        let parsed = try EventLog(parsing: log)
        return parsed.events.filter { $0.isExtended }.compactMap { event in
            guard let bank = parsed.banks.first(where: { $0.name == "sha256" }),
                let digest = parsed.digest(of: event, in: bank)
            else { return nil }
            return (event.index, event.pcr, otherDigests[event.index] ?? Hexadecimal.encode(digest))
        }
    }

    /// Extends the TPM by tpm2-tools, one extension an event.
    func measure(into tpm: SoftwareTPM) throws {
        let words = try events().map { "\($0.pcr):sha256=\($0.sha256)" }
        let result = try Command.run(["tpm2_pcrextend"] + words, environment: ["TPM2TOOLS_TCTI": tpm.tcti])
        try #require(result.status == 0, "\(result.errorText)")
    }

    func writeFiles(to tpm: SoftwareTPM) throws {
        try tpm.write(log, to: "eventlog.bin")
        let allowed = programs.map { program in
            JSONValue.object([
                JSONMember("role", .string(program.role)), JSONMember("sha256", .string(program.sha256)),
                JSONMember("file", .string("/\(program.role).efi")),
            ])
        }
        let reference = JSONValue.object([
            JSONMember("version", .integer(1)), JSONMember("programs", .array(allowed)),
            JSONMember("drivers", .array([])), JSONMember("variables", .object([])), JSONMember("sbat", .object([])),
        ])
        try tpm.write(Array(reference.pretty.utf8), to: "reference.json")
    }
}
