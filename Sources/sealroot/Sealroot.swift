internal import ArgumentParser

/// The owner's and administrator's tool: one subcommand a file.
@main
struct Sealroot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealroot",
        abstract: "Seals the root disk of a confidential VM to its vTPM and measured boot chain.",
        version: "sealroot 0.1.0",
        subcommands: [EncryptImage.self, Enroll.self, EventLogCommand.self, HashPE.self, Wipe.self])
}
