internal import ArgumentParser
internal import InitramfsRuntime

/// The owner's and administrator's tool: one subcommand a file.
@main
struct Sealroot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealroot",
        // No abstract: the list of commands, with the prompt behind it, fills a screen of 24 lines.
        usage: "sealroot <subcommand>",
        version: "sealroot " + Release.version,
        subcommands: [
            AttestCommand.self, EncryptImage.self, Enroll.self, EventLogCommand.self, HashPE.self, PolicyCommand.self,
            Predict.self, RecoveryKeyCommand.self, ReferenceCommand.self, Reseal.self, Resize.self, Status.self,
            Unseal.self,
            Wipe.self,
        ])
}
