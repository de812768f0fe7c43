internal import ArgumentParser

struct AttestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Prove what a VM is, and judge such proof.",
        subcommands: [AttestReport.self, AttestVerify.self])
}
