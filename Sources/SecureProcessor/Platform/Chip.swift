internal import BoundedBytes
public import Cryptography
public import SNPABI
public import Secrets

/// The secrets that are burnt into one emulated chip, and the keys that follow from them.
public struct Chip: ~Copyable {
    public static let seedByteCount = 64

    public let generation: ProcessorGeneration
    /// CHIP_ID without padding: 64 bytes, or 8 on Turin.
    public let identifier: [UInt8]
    public let seed: SecretBytes

    /// Nil where `identifier` or `seed` has not the length it must have.
    public init?(_ generation: ProcessorGeneration, identifier: [UInt8], seed: consuming SecretBytes) {
        guard identifier.count == generation.chipIDByteCount, seed.count == Self.seedByteCount else { return nil }
        self.init(valid: generation, identifier, seed)
    }

    private init(valid generation: ProcessorGeneration, _ identifier: [UInt8], _ seed: consuming SecretBytes) {
        self.generation = generation
        self.identifier = identifier
        self.seed = seed
    }

    /// A new chip; its identifier follows from its seed.
    public static func generate(_ generation: ProcessorGeneration) throws(CryptographyError) -> Chip {
        let seed = try Random.secret(count: seedByteCount)
        let identifier = try KeyLabel.chipIdentifier.derive(
            from: seed, [Array(generation.rawValue.utf8)], count: generation.chipIDByteCount)
        return Chip(valid: generation, identifier.copied, seed)
    }

    /// The versioned chip endorsement key of one TCB: another TCB or another chip has an unrelated one.
    ///
    /// Source: AMD 57230, section 1.
    public func vcek(_ tcb: TCBVersion) throws(CryptographyError) -> P384SigningKey {
        try P384SigningKey.derive(
            from: KeyLabel.vcek.derive(from: seed, fields(tcb), count: P384SigningKey.seedByteCount))
    }

    /// What keys for guests are derived from where they ask for the VCEK as root.
    func derivationRoot(_ tcb: TCBVersion) throws(CryptographyError) -> SecretBytes {
        try KeyLabel.vcekRoot.derive(from: seed, fields(tcb), count: 48)
    }

    private func fields(_ tcb: TCBVersion) -> [[UInt8]] {
        [Array(generation.rawValue.utf8), identifier, KeyLabel.bytes(tcb.rawValue)]
    }
}
