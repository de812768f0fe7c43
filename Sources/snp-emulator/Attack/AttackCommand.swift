internal import ArgumentParser

/// `snp-emulator attack`.
struct AttackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attack",
        abstract: "List what a cheating host can do, or try it.",
        subcommands: [AttackList.self, AttackRun.self])
}
