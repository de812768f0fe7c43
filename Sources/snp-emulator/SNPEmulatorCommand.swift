internal import ArgumentParser
internal import InitramfsRuntime

/// The emulated SEV-SNP machine: one subcommand a file.
@main
struct SNPEmulatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snp-emulator",
        abstract: "A model of what guest and host see of SEV-SNP, no security boundary.",
        version: "snp-emulator " + Release.version,
        subcommands: [
            AttackCommand.self, Bench.self, Boot.self, Certs.self, Exec.self, Init.self, Measure.self, Memory.self,
            TCB.self,
        ])
}
