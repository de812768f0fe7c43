internal import ArgumentParser
internal import InitramfsRuntime

/// The emulated SEV-SNP machine: one subcommand a file.
@main
struct SNPEmulatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snp-emulator",
        abstract: "Emulates what a guest and its host see of SEV-SNP. A model, not a security boundary.",
        version: "snp-emulator " + Release.version,
        subcommands: [
            AttackCommand.self, Bench.self, Boot.self, Certs.self, Exec.self, Init.self, Measure.self, Memory.self,
            TCB.self,
        ])
}
