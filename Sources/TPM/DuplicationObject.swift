/// A sealed secret that was wrapped outside for one TPM, which makes it its own by TPM2_Import.
///
/// Source: TCG TPM 2.0 Library, Part 1, section 23.3 (duplication). Nothing in it is secret, and all of it may come from
/// an enemy: whoever knows the public key of a TPM can make one.
public struct DuplicationObject: Equatable, Sendable {
    /// TPM2B_PUBLIC in its wire form.
    public let publicArea: [UInt8]
    /// TPM2B_PRIVATE in its wire form: the sensitive area in its outer wrapper.
    public let duplicate: [UInt8]
    /// TPM2B_ENCRYPTED_SECRET in its wire form: what the outer wrapper's keys come from, for the new parent alone.
    public let seed: [UInt8]

    public init(publicArea: [UInt8], duplicate: [UInt8], seed: [UInt8]) {
        self.publicArea = publicArea
        self.duplicate = duplicate
        self.seed = seed
    }
}
