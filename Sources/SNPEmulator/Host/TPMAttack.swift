/// What a cheating host does between a guest and its TPM.
public enum TPMAttack: String, CaseIterable, Sendable {
    case other = "other-tpm"
    case swap = "swap-tpm"
    case flipResponse = "flip-tpm-response"
    case replaceResponse = "replace-tpm-response"
    case stripEncryption = "strip-tpm-encryption"
    case delay = "delay-tpm"

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .other: "puts the TPM of another guest in the place of the guest's own"
        case .swap: "does so as soon as the guest's own TPM has proved itself"
        case .flipResponse: "flips a bit of what TPM2_Unseal answers"
        case .replaceResponse: "answers TPM2_Unseal itself, with a secret of its own"
        case .stripEncryption: "tells the TPM that nobody wants its answer to TPM2_Unseal encrypted"
        case .delay: "holds each of the TPM's answers back for a fifth of a second"
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .other: "the unlock ends with 77: the volume's key is not in that TPM"
        case .swap: "the unlock ends with 76: this is not the TPM that was vouched for"
        case .flipResponse, .replaceResponse: "the unlock ends with 69: the answer is not the TPM's"
        case .stripEncryption: "the unlock ends with 69: the TPM takes no command that was changed"
        case .delay: "the unlock takes longer"
        }
    }

    /// Whether the host runs a second guest for it.
    var needsAccomplice: Bool { self == .other || self == .swap }
}
