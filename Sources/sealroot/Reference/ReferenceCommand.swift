internal import ArgumentParser
internal import BootPolicy
internal import InitramfsRuntime

struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "The manifest of what may run before the unlock.",
        discussion: """
            The hook of initramfs-tools makes one for every initramfs, as /etc/sealroot/reference.json inside it. \
            'sealroot-init check' applies it to the boot of the running system.
            """,
        subcommands: [ReferenceCreate.self, ReferenceCheck.self, ReferenceShow.self])
}

extension Reference {
    static func read(_ path: String) throws(CommandFailure) -> Reference {
        let bytes = try CommandFailure.reading(path, limit: longest, area: "reference")
        do throws(ReferenceError) { return try Reference(parsing: bytes) } catch {
            throw CommandFailure(code: .malformed, area: "reference", detail: path + ": " + error.description)
        }
    }
}
