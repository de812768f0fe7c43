internal import ArgumentParser

struct AttestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Prove what a confidential VM is, and judge what it proves.",
        subcommands: [AttestReport.self, AttestVerify.self])
}
