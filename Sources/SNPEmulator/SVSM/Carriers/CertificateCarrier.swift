internal import BoundedBytes
internal import Cryptography
internal import SecureProcessor

/// The way of clouds that certify their vTPMs: the certificate of the endorsement key is in NV memory.
///
/// Source: TCG EK Credential Profile 2.5, section 2.2.1.4.
struct CertificateCarrier {
    /// Of the key that template L-1 gives.
    static let index: UInt32 = 0x01C0_0002

    /// Leaves the certificate on first use; it stays the TPM's for its life.
    ///
    /// - Parameter now: seconds since 1970.
    func provide(
        _ tpm: VirtualTPM, endorsementKey: [UInt8], _ authority: borrowing PlatformAuthority, now: Int64
    ) throws(SVSMError) {
        let index = NVIndex(handle: Self.index)
        guard try !index.isDefined(in: tpm) else { return }
        let certificate: [UInt8]
        do throws(CryptographyError) {
            // A serial for each key, and a positive one.
            let digest = try DigestAlgorithm.sha256.hash(endorsementKey)
            let serial = digest[..<8].reduce(0 as UInt64) { $0 << 8 | UInt64($1) } >> 1
            certificate = try authority.endorsementCertificate(
                modulus: Array(endorsementKey.suffix(256)), serial: serial, issued: now)
        } catch { throw .cryptography(error) }
        try index.fill(certificate, in: tpm)
    }
}
