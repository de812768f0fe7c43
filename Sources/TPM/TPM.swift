internal import CLinux
internal import CTSS2

/// One connection to a TPM 2.0.
///
/// Every method flushes what it made in the TPM, also when it throws. After a broken connection or a malformed
/// reply the next method connects anew.
@safe public struct TPM: ~Copyable {
    let link: Link

    private init(over link: Link) { self.link = link }

    deinit { link.close() }

    /// Connects to the TPM that `tcti` names as tpm2-tss spells it, for example `device:/dev/tpm0`. No command is
    /// sent: the firmware has started the TPM.
    public static func connect(tcti: String) throws(TPMError) -> TPM {
        // tpm2-tss logs to standard error; errors carry the same facts. A setting of the user's stands.
        _ = unsafe setenv("TSS2_LOG", "all+none", 0)
        let tpm = TPM(over: Link(name: tcti))
        _ = unsafe try tpm.link.ready()
        return tpm
    }

    /// TPM commands put on the wire so far, repetitions included.
    public var commandCount: Int { link.commandCount }
}
