public import BoundedBytes

/// Why something is not the public part of a TPM's key that secrets can be sealed to.
public enum TargetDefect: Error, Equatable, Sendable, CustomStringConvertible {
    /// Neither a PEM text nor a TPM2B_PUBLIC: a byte is missing, or there are too many.
    case bytes(ByteError)
    /// The TPM2B's own size, in bytes, is another than that of what follows it.
    case size(announced: Int, actual: Int)
    /// PEM, but no public key on P-256 and no RSA-2048 one with the exponent 65537.
    case pem
    /// TPM_ALG_ID of the key.
    case type(UInt16)
    /// TPM_ALG_ID of the hash in the key's name.
    case nameAlgorithm(UInt16)
    /// TPMA_OBJECT: neither those of a storage root key nor those of an endorsement key.
    case attributes(UInt32)
    /// The key's use takes another policy than a storage root key's (none) or an endorsement key's.
    case policy
    /// TPM_ALG_ID, key bits and mode of what the key wraps its children with.
    case symmetric(algorithm: UInt16, bits: UInt16, mode: UInt16)
    /// TPM_ALG_ID of a scheme, which a key of this kind does not have.
    case scheme(UInt16)
    /// TPM_ECC_CURVE.
    case curve(UInt16)
    /// TPM_ALG_ID of a key derivation, which a key of this kind does not have.
    case keyDerivation(UInt16)
    /// Bytes of one coordinate.
    case coordinateSize(Int)
    case notOnCurve
    /// Of the modulus.
    case keyBits(UInt16)
    case exponent(UInt32)
    case modulus

    public var description: String {
        switch self {
        case .bytes(let error): "not a TPM2B_PUBLIC: \(error)"
        case .size(let announced, let actual): "not a TPM2B_PUBLIC: it says \(announced) bytes and has \(actual)"
        case .pem: "not a PEM public key of P-256, or of RSA-2048 with the exponent 65537"
        case .type(let id): "a key of algorithm \(Hexadecimal.prefixed(UInt32(id))) instead of ECC or RSA"
        case .nameAlgorithm(let id): "a name by algorithm \(Hexadecimal.prefixed(UInt32(id))) instead of SHA-256"
        case .attributes(let bits):
            "attributes \(Hexadecimal.prefixed(bits)): neither a storage root key nor an endorsement key"
        case .policy: "a key with a policy that is neither a storage root key's nor an endorsement key's"
        case .symmetric(let algorithm, let bits, let mode):
            "children wrapped by algorithm \(Hexadecimal.prefixed(UInt32(algorithm))) with \(bits) bits in mode "
                + "\(Hexadecimal.prefixed(UInt32(mode))) instead of AES-128 or AES-256 in CFB mode"
        case .scheme(let id): "a key with scheme \(Hexadecimal.prefixed(UInt32(id)))"
        case .curve(let id): "a key on curve \(Hexadecimal.prefixed(UInt32(id))) instead of P-256"
        case .keyDerivation(let id): "a key with key derivation \(Hexadecimal.prefixed(UInt32(id)))"
        case .coordinateSize(let count): "a coordinate of \(count) bytes instead of 32"
        case .notOnCurve: "a point that is not on P-256"
        case .keyBits(let bits): "an RSA key of \(bits) bits instead of 2048"
        case .exponent(let exponent): "an RSA key with the exponent \(exponent) instead of 65537"
        case .modulus: "an RSA modulus that is not an odd number of 2048 bits"
        }
    }
}
