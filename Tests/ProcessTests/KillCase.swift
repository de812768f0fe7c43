import Foundation
import JSON
import TestSupport
import Testing

/// A command that is killed wherever it changes something, and what must hold then.
struct KillCase: Sendable, CustomTestStringConvertible {
    /// What the unlock makes of the volume.
    enum Unlock: Sendable {
        case opens
        /// No token of ours.
        case notEnrolled
    }

    let testDescription: String
    let arguments: @Sendable (Machine) -> [String]
    /// The volume's state before the command and after it.
    let before: Unlock
    let after: Unlock
    /// Brings the machine where the command finds it.
    var prepare: @Sendable (Machine) throws -> Void = { _ in }
    /// The command talks to the TPM.
    var usesTPM = false
    /// Files besides the volume that the command changes: beginnings of their names.
    var files: @Sendable (Machine) -> [String] = { _ in [] }
    /// What else the unlock may say between the two states: an exit code, and a part of its message.
    var between: [(code: Int32, text: String)] = []
    /// What the command says, with exit code 79, where a run before it had finished its work and could not say so any
    /// more; nil where it can always be run again.
    var whereDone: String?
    /// What else holds after the command has been run again.
    var check: @Sendable (Machine) throws -> Void = { _ in }

    static let all = [enroll, wipe, addRecoveryKey, removeRecoveryKey]

    static let enroll = KillCase(
        testDescription: "enroll", arguments: { enrolling($0) }, before: .notEnrolled, after: .opens, usesTPM: true,
        whereDone: "is there already")

    static let wipe = KillCase(
        testDescription: "wipe", arguments: { ["wipe", $0.volume.path] }, before: .opens, after: .notEnrolled,
        prepare: { try $0.enroll() }, between: [(79, "the key opens no keyslot"), (65, "sealroot: token: ")],
        whereDone: "no sealroot token")

    static let addRecoveryKey = KillCase(
        testDescription: "recovery-key add",
        arguments: { ["recovery-key", "add", $0.volume.path, "--key-file", $0.volume.keyFile] },
        before: .opens, after: .opens, prepare: { try $0.enroll() },
        check: {
            let list = try $0.sealroot(["recovery-key", "list", $0.volume.path])
            #expect(list.text.contains("keyslot"))
        })

    static let removeRecoveryKey = KillCase(
        testDescription: "recovery-key remove", arguments: { ["recovery-key", "remove", $0.volume.path] },
        before: .opens, after: .opens,
        prepare: {
            try $0.enroll()
            _ = try $0.sealroot(["recovery-key", "add", $0.volume.path, "--key-file", $0.volume.keyFile])
        }, whereDone: "no recovery key",
        check: {
            let list = try $0.sealroot(["recovery-key", "list", $0.volume.path])
            #expect(list.output.isEmpty)
            let dump = try $0.volume.cryptsetup("luksDump", ["--dump-json-metadata", $0.volume.path])
            #expect(try JSONValue(parsing: dump)["keyslots"]?.members?.count == 2)
        })

    private static func enrolling(_ machine: Machine) -> [String] {
        ["enroll", machine.volume.path, "--key-file", machine.volume.keyFile, "--tcti"]
    }
}
