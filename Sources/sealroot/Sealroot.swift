import ArgumentParser

@main
struct Sealroot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealroot", abstract: "Seals the root disk of a confidential VM to its TPM.",
        subcommands: [EncryptImage.self])
}
