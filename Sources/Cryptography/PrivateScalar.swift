internal import COpenSSL
internal import Secrets

/// Private keys of elliptic curves, derived from secrets.
enum PrivateScalar {
    /// The scalar d = (seed mod (n - 1)) + 1 for the order n of `curve`: a `BIGNUM *` in locked memory, which the caller
    /// frees with BN_clear_free; nil where libcrypto fails.
    ///
    /// Source: FIPS 186-5, A.2.1, "ECDSA key pair generation using extra random bits".
    static func derive(from seed: borrowing SecretBytes, curve: Int32) -> OpaquePointer? {
        guard let group = unsafe EC_GROUP_new_by_curve_name(curve) else { return nil }
        defer { unsafe EC_GROUP_free(group) }
        guard let context = unsafe BN_CTX_secure_new() else { return nil }
        defer { unsafe BN_CTX_free(context) }
        guard let scalar = unsafe BN_secure_new() else { return nil }
        guard let order = unsafe BN_dup(EC_GROUP_get0_order(group)) else {
            unsafe BN_clear_free(scalar)
            return nil
        }
        defer { unsafe BN_free(order) }
        let isRead = unsafe seed.bytes.withUnsafeBufferPointer {
            unsafe BN_bin2bn($0.baseAddress, Int32($0.count), scalar) != nil
        }
        unsafe BN_set_flags(scalar, BN_FLG_CONSTTIME)
        guard isRead, unsafe BN_sub_word(order, 1) == 1, unsafe BN_div(nil, scalar, scalar, order, context) == 1,
            unsafe BN_add_word(scalar, 1) == 1
        else {
            unsafe BN_clear_free(scalar)
            return nil
        }
        return unsafe scalar
    }
}
