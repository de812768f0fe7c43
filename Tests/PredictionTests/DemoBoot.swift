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

    /// The values that tpm2_pcrread printed in that boot.
    static func values(_ algorithm: DigestAlgorithm) throws -> [UInt32: String] {
        var values: [UInt32: String] = [:]
        var bank = ""
        for line in String(decoding: try Fixtures.bytes("demo-boot/pcrs.txt"), as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
            if fields.count == 1 { bank = fields[0] }
            guard fields.count == 2, bank == algorithm.rawValue, let pcr = UInt32(fields[0]) else { continue }
            values[pcr] = String(fields[1].dropFirst(2)).lowercased()
        }
        return values
    }
}
