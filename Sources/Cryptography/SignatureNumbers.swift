internal import COpenSSL

/// The DER of an ECDSA signature, for a curve of any size. Source: SEC 1, C.8.
enum SignatureNumbers {
    /// r and s, big-endian, of `size` bytes each; nil where `bytes` are not exactly one signature of that size.
    static func decode(_ bytes: [UInt8], size: Int) -> (r: [UInt8], s: [UInt8])? {
        let (parsed, used) = unsafe decodeDER(bytes) { unsafe d2i_ECDSA_SIG(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { return nil }
        defer { unsafe ECDSA_SIG_free(parsed) }
        var r = [UInt8](repeating: 0, count: size)
        var s = r
        guard used == bytes.count, unsafe BN_bn2binpad(ECDSA_SIG_get0_r(parsed), &r, Int32(size)) == size,
            unsafe BN_bn2binpad(ECDSA_SIG_get0_s(parsed), &s, Int32(size)) == size
        else { return nil }
        return (r, s)
    }

    static func encode(r: [UInt8], s: [UInt8]) -> [UInt8]? {
        guard let parts = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(parts) }
        let (first, second) = unsafe (BN_bin2bn(r, Int32(r.count), nil), BN_bin2bn(s, Int32(s.count), nil))
        guard unsafe ECDSA_SIG_set0(parts, first, second) == 1 else {
            unsafe BN_free(first)
            unsafe BN_free(second)
            return nil
        }
        var encoded: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_ECDSA_SIG(parts, &encoded)
        defer { unsafe CRYPTO_free(encoded, nil, 0) }
        guard count > 0, let encoded = unsafe encoded else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: encoded, count: Int(count)))
    }
}
