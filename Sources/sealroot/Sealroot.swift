internal import ArgumentParser
internal import InitramfsRuntime

/// The owner's and administrator's tool: one subcommand a file.
@main
struct Sealroot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealroot",
        abstract: "Seals the root disk of a confidential VM to its TPM and boot.",
        version: "sealroot " + Release.version,
        subcommands: [
            AttestCommand.self, EncryptImage.self, Enroll.self, EventLogCommand.self, HashPE.self, PolicyCommand.self,
            Predict.self, RecoveryKeyCommand.self, ReferenceCommand.self, Reseal.self, Status.self, Unseal.self,
            Wipe.self,
        ])
}
