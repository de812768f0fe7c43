/// The host's place between a guest and its TPM: every command and every response passes here, whole and with its
/// header. A host that cheats wraps the honest one, which is the TPM itself.
public protocol TPMTransport: Sendable {
    /// Gives the response to one command.
    ///
    /// - Parameter command: whole, and as long as its header says.
    /// - Throws: where there is no TPM any more.
    func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8]
}
