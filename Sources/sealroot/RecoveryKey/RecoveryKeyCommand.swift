internal import ArgumentParser

/// `sealroot recovery-key`.
struct RecoveryKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery-key",
        abstract: "Keys that open a volume without its TPM.",
        discussion: """
            A recovery key is 64 letters in 8 groups, in the form of systemd-cryptenroll, which lists and removes it, \
            too. It is printed once, and kept nowhere.
            """,
        subcommands: [RecoveryKeyAdd.self, RecoveryKeyCheck.self, RecoveryKeyList.self, RecoveryKeyRemove.self])
}
