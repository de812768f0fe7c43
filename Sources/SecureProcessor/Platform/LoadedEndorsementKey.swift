public import Cryptography
public import SNPABI
public import Secrets

/// The secret of a cloud provider's VLEKs, as VLEK_LOAD brings it to a chip.
public final class LoadedEndorsementKey {
    public static let seedByteCount = 64

    /// cspID of the certificate.
    public let provider: String
    public let seed: SecretBytes

    /// Nil where `seed` has not 64 bytes, or `provider` is empty, longer than 64 bytes or not ASCII.
    public init?(provider: String, seed: consuming SecretBytes) {
        guard seed.count == Self.seedByteCount, Self.isProvider(provider) else { return nil }
        self.provider = provider
        self.seed = seed
    }

    /// Whether a certificate can have it as its cspID: 1 to 64 printable characters of ASCII.
    public static func isProvider(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// The versioned loaded endorsement key of one TCB: the same on all chips of the provider.
    public func key(_ tcb: TCBVersion, _ generation: ProcessorGeneration) throws(CryptographyError) -> P384SigningKey {
        try P384SigningKey.derive(
            from: KeyLabel.vlek.derive(from: seed, fields(tcb, generation), count: P384SigningKey.seedByteCount))
    }

    func derivationRoot(
        _ tcb: TCBVersion, _ generation: ProcessorGeneration
    ) throws(CryptographyError) -> SecretBytes {
        try KeyLabel.vlekRoot.derive(from: seed, fields(tcb, generation), count: 48)
    }

    private func fields(_ tcb: TCBVersion, _ generation: ProcessorGeneration) -> [[UInt8]] {
        [Array(generation.rawValue.utf8), Array(provider.utf8), KeyLabel.bytes(tcb.rawValue)]
    }
}
