import BoundedBytes
import Cryptography
import EFI
import EventLog
import Foundation
import InstalledSystem
import TestSupport

@testable import Prediction

/// The demo disk, what its boot measured, and changed copies of both.
enum DemoBoot {
    static func log() throws -> EventLog { try EventLog(parsing: Fixtures.bytes("demo-boot/eventlog.bin")) }

    /// The variables that the firmware of the demo had in that boot, from a copy of efivarfs; `changes` by file name, nil to
    /// know none of them.
    static func history(_ changes: [String: [UInt8]]? = nil) throws -> BootHistory {
        guard let changes else { return BootHistory(log: try log()) }
        let scratch = try Scratch()
        try scratch.shell("tar -xf '\(Fixtures.folder.path())/demo-boot/efivars.tar'")
        for (name, data) in changes { try scratch.write([7, 0, 0, 0] + data, to: name) }
        return BootHistory(log: try log(), variables: try FirmwareVariables.read(scratch.path))
    }

    static func disk() throws -> InstalledSystem {
        guard let path = DebianImages.file("disk.raw") else { throw CocoaError(.fileNoSuchFile) }
        return try InstalledSystem.open(image: path)
    }

    /// The values that tpm2_pcrread printed in that boot. The initrd holds our own program, so each build has another:
    /// PCR 9 is what the recorded events lead to with the digest of today's initrd as their last.
    static func values(_ algorithm: DigestAlgorithm) throws -> [UInt32: String] {
        var values: [UInt32: String] = [:]
        var bank = ""
        for line in String(decoding: try Fixtures.bytes("demo-boot/pcrs.txt"), as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            if fields.count == 1 { bank = fields[0] }
            guard fields.count == 2, bank == algorithm.rawValue, let pcr = UInt32(fields[0]) else { continue }
            values[pcr] = String(fields[1].dropFirst(2)).lowercased()
        }
        let log = try log()
        let digests = try recorded(9, algorithm, of: log)
        guard try replay(digests, algorithm) == values[9] else { throw CocoaError(.fileReadCorruptFile) }
        values[9] = try replay(digests.dropLast() + [initrdDigest(algorithm)], algorithm)
        return values
    }

    static func recorded(_ pcr: UInt32, _ algorithm: DigestAlgorithm, of log: EventLog) throws -> [[UInt8]] {
        guard let bank = log.banks.first(where: { $0.algorithm == algorithm }) else { return [] }
        return log.events.filter { $0.pcr == pcr && $0.isExtended }.compactMap {
            log.digest(of: $0, in: bank).map(Array.init)
        }
    }

    /// By coreutils, of the file in the archive that the disk was made of.
    static func initrdDigest(_ algorithm: DigestAlgorithm) throws -> [UInt8] {
        guard let archive = DebianImages.file("root.tar") else { throw CocoaError(.fileNoSuchFile) }
        let script =
            "tar -xOf '\(archive)' --wildcards './boot/initrd.img-*' | \(algorithm.rawValue)sum | cut -d' ' -f1"
        return Hexadecimal.decode(try Scratch().shell(script)) ?? []
    }

    private static func replay(_ digests: [[UInt8]], _ algorithm: DigestAlgorithm) throws -> String {
        var value = [UInt8](repeating: 0, count: algorithm.byteCount)
        for digest in digests { value = try algorithm.hash(value + digest) }
        return Hexadecimal.encode(value)
    }
}
