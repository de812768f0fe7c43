internal import InitramfsRuntime
internal import TPM

/// The storage key that the secret is sealed under.
enum StorageKeys {
    /// Where the ECC and the RSA storage root key live. Source: TCG TPM v2.0 Provisioning Guidance,
    /// section 7.8, and what systemd, tpm2-tools and Azure use.
    private static let ecc: UInt32 = 0x8100_0002
    private static let rsa: UInt32 = 0x8100_0001

    /// The key under `handle`, or else the first that is there, or else a new ECC key.
    static func find(_ handle: UInt32?, _ tpm: borrowing TPM) throws(EnrollmentError) -> StorageKey {
        for candidate in handle.map({ [$0] }) ?? [ecc, rsa] {
            do throws(TPMError) { return try tpm.storageKey(at: candidate) } catch {
                guard error.isMissingHandle else { throw .tpm(error) }
            }
        }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try tpm.createStorageKey(at: handle ?? ecc)
        }
    }
}
