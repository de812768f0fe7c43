internal import COpenSSL
public import Secrets

/// One P-256 key made for one message, and what it and its receiver's key agree on.
///
/// Source: NIST SP 800-56A, section 6.2.2 (one-pass Diffie-Hellman). The private key is gone when this value is there.
public struct EphemeralAgreement: ~Copyable {
    /// Coordinates of the ephemeral public point, 32 bytes each, big-endian.
    public let x: [UInt8]
    public let y: [UInt8]
    /// x coordinate of the shared point, 32 bytes, big-endian.
    public let sharedX: SecretBytes

    private init(_ point: [UInt8], _ sharedX: consuming SecretBytes) {
        x = Array(point[1...32])
        y = Array(point[33...])
        self.sharedX = sharedX
    }

    /// Makes a fresh key and lets it agree with `receiver`.
    public static func make(with receiver: VerifyingKey) throws(CryptographyError) -> EphemeralAgreement {
        defer { ERR_clear_error() }
        guard let own = unsafe shim_p256_generate() else { throw CryptographyError(call: .agree) }
        defer { unsafe EVP_PKEY_free(own) }
        guard let peer = unsafe shim_p256_key([4] + receiver.x + receiver.y, nil) else {
            throw CryptographyError(call: .agree)
        }
        defer { unsafe EVP_PKEY_free(peer) }
        var point = [UInt8](repeating: 0, count: 65)
        guard unsafe shim_p256_point(own, &point) == 1, let context = unsafe EVP_PKEY_CTX_new(own, nil) else {
            throw CryptographyError(call: .agree)
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        let sharedX = try SecretBytes(count: 32) { (output: inout MutableSpan<UInt8>) throws(CryptographyError) in
            let isAgreed = unsafe output.withUnsafeMutableBufferPointer { output in
                var count = output.count
                return unsafe EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1
                    && EVP_PKEY_derive(context, output.baseAddress, &count) == 1 && count == output.count
            }
            guard isAgreed else { throw CryptographyError(call: .agree) }
        }
        return EphemeralAgreement(point, sharedX)
    }
}
