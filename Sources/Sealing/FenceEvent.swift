public import Cryptography

/// The event that closes the fence. Source: architecture, sections 2 and 4.4.
public enum FenceEvent {
    public static let text = "sealroot:fence"

    /// What is hashed into the fence PCR, in every bank.
    public static let bytes = Array(text.utf8)

    /// SHA-256 value, 32 bytes, of a PCR that was zero and then fenced.
    public static func fencedPCR() throws(CryptographyError) -> [UInt8] {
        let digest = try DigestAlgorithm.sha256.hash(bytes)
        return try DigestAlgorithm.sha256.hash([UInt8](repeating: 0, count: 32) + digest)
    }
}
