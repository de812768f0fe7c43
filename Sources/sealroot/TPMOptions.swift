internal import ArgumentParser
internal import CLinux
internal import InitramfsRuntime
internal import TPM

/// The options of every command that talks to a TPM.
struct TPMOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The TPM, as tss2-tctildr names it (default: $SEALROOT_TCTI, else device:/dev/tpmrm0).", valueName: "conf"))
    var tcti: String?

    func connect() throws(CommandFailure) -> TPM {
        do throws(TPMError) { return try open() } catch {
            throw CommandFailure(
                code: .unavailable, area: "tpm", detail: name + ": " + error.description + "; --tcti names another TPM")
        }
    }

    func open() throws(TPMError) -> TPM { try TPM.connect(tcti: name) }

    /// In a running system others use the TPM too: the kernel's resource manager keeps us apart.
    var name: String { tcti ?? Self.environment("SEALROOT_TCTI") ?? "device:/dev/tpmrm0" }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
