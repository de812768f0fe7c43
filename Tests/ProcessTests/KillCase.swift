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
    /// Without the options that name the TPM and the folder of the authority's keys.
    let arguments: @Sendable (Machine) -> [String]
    /// The volume's state before the command and after it.
    let before: Unlock
    let after: Unlock
    /// The machine as the command finds it.
    var prepare: @Sendable () throws -> Machine = { try Machine() }
    /// How many commands change what the TPM keeps; nil where the command has nothing to do with a TPM.
    var lastingTPMCommands: Int?
    /// What else the unlock may say between the two states: an exit code, and a part of its message.
    var between: [(code: Int32, text: String)] = []
    /// What the command says, with exit code 79, where a run before it had finished its work and could not say so any
    /// more; nil where it can always be run again.
    var whereDone: String?
    /// What else holds after the command has been run again.
    var check: @Sendable (Machine) throws -> Void = { _ in }

    var usesTPM: Bool { lastingTPMCommands != nil }

    static let all =
        [enroll, wipe, addRecoveryKey, removeRecoveryKey]
        + (DebianImages.isPresent ? [reseal, commit, rotate, sealTo, exchange] : [])

    /// The storage key, and the counter and its first step.
    static let enroll = KillCase(
        testDescription: "enroll",
        arguments: { ["enroll", $0.volume.path, "--key-file", $0.volume.keyFile] },
        before: .notEnrolled, after: .opens, lastingTPMCommands: 3, whereDone: "is there already")

    static let wipe = KillCase(
        testDescription: "wipe", arguments: { ["wipe", $0.volume.path] }, before: .opens, after: .notEnrolled,
        prepare: { try enrolled() }, lastingTPMCommands: 1,
        between: [(79, "the key opens no keyslot"), (65, "sealroot: token: "), (77, "counter")],
        whereDone: "no sealroot token")

    static let addRecoveryKey = KillCase(
        testDescription: "recovery-key add",
        arguments: { ["recovery-key", "add", $0.volume.path, "--key-file", $0.volume.keyFile] },
        before: .opens, after: .opens, prepare: { try enrolled() },
        check: { machine in
            let list = try machine.sealroot(["recovery-key", "list", machine.volume.path])
            #expect(list.text.contains("keyslot"))
        })

    static let removeRecoveryKey = KillCase(
        testDescription: "recovery-key remove", arguments: { ["recovery-key", "remove", $0.volume.path] },
        before: .opens, after: .opens,
        prepare: {
            let machine = try enrolled()
            let add = ["recovery-key", "add", machine.volume.path, "--key-file", machine.volume.keyFile]
            try #require(try machine.sealroot(add).status == 0)
            return machine
        }, whereDone: "no recovery key",
        check: { machine in
            let list = try machine.sealroot(["recovery-key", "list", machine.volume.path])
            #expect(list.status == 0 && list.output.isEmpty)
            let dump = try machine.volume.cryptsetup("luksDump", ["--dump-json-metadata", machine.volume.path])
            #expect(try JSONValue(parsing: dump)["keyslots"]?.members?.count == 2)
        })

    /// The present boot opens it throughout.
    static let reseal = KillCase(
        testDescription: "reseal", arguments: { ["reseal", "--config", $0.configurationPath] + $0.system },
        before: .opens, after: .opens, prepare: { try changed().machine }, lastingTPMCommands: 0,
        check: { try expectPolicies(2, of: $0) })

    /// The next boot, which is the present one by now, opens it throughout.
    static let commit = KillCase(
        testDescription: "reseal --commit",
        arguments: { ["reseal", "--commit", "--config", $0.configurationPath] + $0.system },
        before: .opens, after: .opens,
        prepare: {
            let installed = try changed()
            try #require(try installed.reseal().status == 0)
            try installed.boot()
            return installed.machine
        }, lastingTPMCommands: 1, check: { try expectPolicies(1, of: $0) })

    static let rotate = KillCase(
        testDescription: "reseal --rotate",
        arguments: {
            ["reseal", "--rotate", "--config", $0.configurationPath, "--key-file", $0.volume.keyFile] + $0.system
        },
        before: .opens, after: .opens,
        prepare: {
            let installed = try InstalledMachine()
            try #require(try installed.machine.enroll().status == 0)
            return installed.machine
        }, lastingTPMCommands: 3)

    /// The key and the prediction lie in the tree, which the copies of the machine share.
    static let sealTo = KillCase(
        testDescription: "enroll --seal-to",
        arguments: { machine in
            let tree = machine.system[1]
            return [
                "enroll", machine.volume.path, "--key-file", machine.volume.keyFile, "--seal-to", tree + "/srk.pub",
                "--prediction", tree + "/prediction",
            ]
        },
        before: .notEnrolled, after: .opens,
        prepare: {
            let installed = try InstalledMachine()
            try installed.publishKey("ecc")
            for (path, name) in [
                (try installed.recordPrediction(), "prediction"), (installed.tpm.path("srk.pub"), "srk.pub"),
            ] {
                try installed.tree.scratch.shell("cp \(path) \(name)")
            }
            return installed.machine
        }, whereDone: "is there already")

    /// The secret of an imported key is exchanged, as after the first boot.
    static let exchange = KillCase(
        testDescription: "reseal of an imported key",
        arguments: {
            [
                "reseal", "--config", $0.configurationPath, "--key-file", $0.volume.keyFile, "--authority", "local",
            ] + $0.system
        },
        before: .opens, after: .opens,
        prepare: {
            let installed = try InstalledMachine()
            try installed.publishKey("ecc")
            try #require(try installed.seal(to: "srk.pub").status == 0)
            try #require(try installed.machine.unlock().status == 0, "which makes the storage key")
            return installed.machine
        }, lastingTPMCommands: 2)

    private static func enrolled() throws -> Machine {
        let machine = try Machine()
        try #require(try machine.enroll().status == 0)
        return machine
    }

    /// Enrolled, and then updated.
    private static func changed() throws -> InstalledMachine {
        let installed = try InstalledMachine()
        try #require(try installed.machine.enroll().status == 0)
        try installed.changeConfiguration("# changed")
        return installed
    }

    private static func expectPolicies(_ count: Int, of machine: Machine) throws {
        let token = try machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
        #expect(try JSONValue(parsing: token)["tpm2"]?["policies"]?.array?.count == count)
    }
}
