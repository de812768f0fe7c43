extension TPMError {
    /// What this module itself finds wrong with a reply or an argument.
    public enum Fault: Sendable, CustomStringConvertible {
        /// The reply holds other PCRs than were asked for, none, or digests of another length.
        case pcrValues
        /// The TPM says it extended something else than the event's digest.
        case eventDigests
        /// The reply lacks a property that every TPM has.
        case properties
        /// Public area and name do not belong together.
        case name
        /// The reply cannot be decoded.
        case reply
        /// The key is no restricted storage key (P-256 or RSA-2048, AES-CFB, SHA-256, bound to its TPM).
        case storageKey
        /// The sealed object's two parts cannot be decoded.
        case blob
        /// The object was not sealed by a TPM for itself, or opens without its policy.
        case objectAttributes
        /// The seed that came with an imported object was encrypted to another key, or changed.
        case seed
        /// The secret is empty or longer than a TPM seals (128 bytes).
        case secretSize
        /// The digest of a policy is not SHA-256.
        case policySize
        /// The authority is no P-256 key with the one public area that such keys have.
        case authorityKey
        /// The policy reference is empty or longer than 64 bytes.
        case policyReference
        /// The signature is not 64 bytes.
        case signature
        /// Not a handle of an NV index that an owner defines.
        case counterHandle
        /// Another NV index lives under the counter's handle.
        case foreignCounter
        /// No such PCR, or an event of more than 1024 bytes.
        case event
        /// The values are not those of the selection.
        case selection
        /// No key of the endorsement hierarchy has the public area that was asked for.
        case endorsementKey
        /// The NV index holds more than was expected.
        case indexSize
        /// The empty authorisation does not let the NV index be read.
        case indexAttributes
        /// What the TPM has signed is no certification of the key that was asked for, or not signed by the key expected.
        case certification
        /// The session's connection has broken, and the session with it.
        case sessionLost
        /// libcrypto failed.
        case cryptography

        public var description: String {
            switch self {
            case .pcrValues: "the TPM answered with other PCRs than asked for, or none"
            case .eventDigests: "the TPM reports other digests than those of the event"
            case .properties: "the TPM does not report its properties"
            case .name: "the key's name is not that of its public area"
            case .reply: "the reply cannot be decoded"
            case .storageKey: "not a restricted P-256 or RSA-2048 storage key"
            case .blob: "the sealed object is malformed"
            case .objectAttributes: "the object was not sealed on this TPM under a policy"
            case .seed: "the object was sealed to another key, or changed"
            case .secretSize: "the secret must have 1 to 128 bytes"
            case .policySize: "the policy digest must have 32 bytes"
            case .authorityKey: "not a P-256 key that signs with ECDSA and SHA-256 alone"
            case .policyReference: "the policy reference must have 1 to 64 bytes"
            case .signature: "the signature must have 64 bytes"
            case .counterHandle: "not an NV index of the owner, 0x1800000 to 0x1bfffff"
            case .foreignCounter: "the NV index is another one than the volume's counter"
            case .event: "no such PCR, or an event longer than 1024 bytes"
            case .selection: "the values are not those of the selected PCRs"
            case .endorsementKey: "this TPM does not have the endorsement key that was asked for"
            case .indexSize: "the NV index holds more than was expected"
            case .indexAttributes: "the NV index cannot be read without an authorisation"
            case .certification: "not the certification of the key by the attestation key that was asked for"
            case .sessionLost: "the session was lost with its connection"
            case .cryptography: "libcrypto failed"
            }
        }
    }
}
