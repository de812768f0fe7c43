internal import CCryptsetup
public import Secrets

extension LUKSVolume {
    /// Adds a keyslot for a passphrase of full entropy, which needs no more than the least PBKDF2 (1000
    /// rounds of SHA-256): stretching protects guessable passphrases and costs boot time.
    ///
    /// - Returns: The number of the new keyslot.
    public func addKeyslot(
        volumeKey: borrowing SecretBytes, fullEntropyPassphrase passphrase: borrowing SecretBytes
    ) throws(LUKSError) -> Int {
        try check(unsafe shim_use_minimal_pbkdf2(device), .setPBKDF)
        let code = unsafe volumeKey.bytes.withUnsafeBytes { key in
            unsafe passphrase.bytes.withUnsafeBytes { passphrase in
                unsafe crypt_keyslot_add_by_key(
                    device, CRYPT_ANY_SLOT, key.bindMemory(to: CChar.self).baseAddress, key.count,
                    passphrase.bindMemory(to: CChar.self).baseAddress, passphrase.count, 0)
            }
        }
        return Int(try check(code, .addKeyslot))
    }

    /// Overwrites the key material of `keyslot` and removes it.
    public func destroyKeyslot(_ keyslot: Int) throws(LUKSError) {
        try check(unsafe crypt_keyslot_destroy(device, Int32(truncatingIfNeeded: keyslot)), .destroyKeyslot)
    }

    /// Writes a token, given as JSON text, under a free id; the header is replaced atomically.
    ///
    /// - Returns: The token's id.
    @discardableResult
    public func addToken(_ json: String) throws(LUKSError) -> Int {
        Int(try check(unsafe crypt_token_json_set(device, CRYPT_ANY_TOKEN, json), .setToken))
    }

    /// Writes the token `id` anew, given as JSON text; the header is replaced atomically.
    public func setToken(_ id: Int, to json: String) throws(LUKSError) {
        try check(unsafe crypt_token_json_set(device, Int32(truncatingIfNeeded: id), json), .setToken)
    }

    /// Removes the token of that id.
    public func removeToken(_ id: Int) throws(LUKSError) {
        try check(unsafe crypt_token_json_set(device, Int32(truncatingIfNeeded: id), nil), .setToken)
    }
}
