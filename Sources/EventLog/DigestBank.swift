internal import BoundedBytes
public import Cryptography

/// One bank of PCRs that a log has digests for.
///
/// Source: TCG Algorithm Registry, table 3 (TPM_ALG_ID).
public struct DigestBank: Equatable, Sendable {
    /// TPM_ALG_ID.
    public let identifier: UInt16
    /// Length of a digest in bytes, 20 to 64.
    public let byteCount: Int

    static let sha1 = DigestBank(identifier: 0x0004, byteCount: 20)

    /// How the bank's digests are computed; nil where libcrypto is not asked for it, so that it cannot be replayed.
    public var algorithm: DigestAlgorithm? {
        switch identifier {
        case 0x0004: .sha1
        case 0x000B: .sha256
        case 0x000C: .sha384
        case 0x000D: .sha512
        default: nil
        }
    }

    /// The name in our JSON and in tpm2-tools; a number where the algorithm is unknown.
    public var name: String {
        algorithm?.rawValue ?? (identifier == 0x0012 ? "sm3_256" : Hexadecimal.prefixed(UInt32(identifier)))
    }
}
