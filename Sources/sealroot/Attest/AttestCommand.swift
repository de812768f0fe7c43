internal import ArgumentParser

struct AttestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Judge what a confidential VM proves about itself.",
        subcommands: [AttestVerify.self])
}
