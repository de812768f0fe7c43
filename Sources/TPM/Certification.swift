internal import BoundedBytes
internal import CTSS2
public import Cryptography

/// A TPM's signed word that an object is loaded in it, private part and all.
public struct Certification: Equatable, Sendable {
    /// TPMS_ATTEST as it was signed.
    public let statement: [UInt8]
    /// TPMT_SIGNATURE in its wire form.
    public let signature: [UInt8]

    public init(statement: [UInt8], signature: [UInt8]) {
        self.statement = statement
        self.signature = signature
    }

    /// Whether it is `signer`'s, about the object of that name, and made for `nonce`.
    ///
    /// The signer must be a restricted key: then no TPM signs with it what only looks like its own word.
    ///
    /// Source: TCG TPM 2.0 Library, Part 2, sections 10.12.8 (TPMS_ATTEST) and 11.3.4 (TPMT_SIGNATURE).
    public func vouches(for name: [UInt8], nonce: [UInt8], by signer: AttestationKey) -> Bool {
        var reader = ByteReader(statement.span)
        do throws(ByteError) {
            guard try reader.bigEndian(UInt32.self) == 0xFF54_4347,  // TPM_GENERATED_VALUE
                try reader.bigEndian(UInt16.self) == 0x8017  // TPM_ST_ATTEST_CERTIFY
            else { return false }
            _ = try reader.sized()  // qualified name of the signer
            guard try reader.sized() == nonce else { return false }
            try reader.skip(8 + 4 + 4 + 1 + 8)  // clock, resets, restarts, safe; firmware
            guard try reader.sized() == name else { return false }
            _ = try reader.sized()  // qualified name
            try reader.finish()
        } catch { return false }
        return signer.isValid(signature, for: statement)
    }
}

/// The public part of a restricted signing key of a TPM.
public enum AttestationKey: Equatable, Sendable {
    case rsa(RSAVerifyingKey)
    case ecc(VerifyingKey)

    private static let rsassa: UInt16 = 0x0014
    private static let rsapss: UInt16 = 0x0016

    /// - Parameter signature: TPMT_SIGNATURE; SHA-256 whatever the scheme.
    fileprivate func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        var reader = ByteReader(signature.span)
        do throws(ByteError) {
            let scheme: UInt16 = try reader.bigEndian()
            guard try reader.bigEndian(UInt16.self) == PublicArea.Algorithm.sha256 else { return false }
            let first = try reader.sized()
            switch self {
            case .rsa(let key):
                try reader.finish()
                switch scheme {
                case Self.rsassa: return key.isValid(first, for: message, padding: .pkcs1)
                case Self.rsapss: return key.isValid(first, for: message, padding: .pss)
                default: return false
                }
            case .ecc(let key):
                let second = try reader.sized()
                try reader.finish()
                guard scheme == PublicArea.Algorithm.ecdsa, first.count <= 32, second.count <= 32 else { return false }
                return key.isValid(Self.padded(first) + Self.padded(second), for: message)
            }
        } catch { return false }
    }

    /// A TPM may leave leading zeros out.
    private static func padded(_ number: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 0, count: 32 - number.count) + number
    }
}

extension TPM {
    /// Has the key under the persistent handle `signer` certify that `key` is in this TPM, by TPM2_Certify.
    ///
    /// It is for keys that their own empty authorisation lets be used. Nothing authenticates the answer but the signature,
    /// which the caller checks.
    /// - Parameter nonce: at most 64 bytes.
    /// - Throws: an error that `isMissingHandle` where there is no such signer.
    public func certify(
        _ key: StorageKey, byKeyAt signer: UInt32, nonce: [UInt8]
    ) throws(TPMError) -> Certification {
        var qualifying = TPM2B_DATA()
        guard nonce.count <= 64, store(nonce, in: &qualifying) else { throw TPMError(.certify, .certification) }
        let esys = unsafe try link.ready()
        let none = ESYS_TR_NONE
        var id = ESYS_TR_NONE
        try link.check(unsafe Esys_TR_FromTPMPublic(esys, signer, none, none, none, &id), .fromPublic)
        let signing = Resource(id, link)
        let object = unsafe try resource(key.record, esys)
        // The signer's own.
        var scheme = TPMT_SIG_SCHEME()
        scheme.scheme = TPM2_ALG_NULL
        var statement: UnsafeMutablePointer<TPM2B_ATTEST>?
        var signature: UnsafeMutablePointer<TPMT_SIGNATURE>?
        defer {
            unsafe Esys_Free(statement)
            unsafe Esys_Free(signature)
        }
        try link.check(
            unsafe Esys_Certify(
                esys, object.id, signing.id, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, none, &qualifying, &scheme, &statement,
                &signature), .certify)
        guard let statement = unsafe statement, let signature = unsafe signature,
            let signed = unsafe contents(statement)
        else { throw TPMError(.certify, .reply) }
        return Certification(statement: signed, signature: unsafe try encode(signature))
    }

    /// The wire form of a TPMT_SIGNATURE.
    private func encode(_ signature: UnsafePointer<TPMT_SIGNATURE>) throws(TPMError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: MemoryLayout<TPMT_SIGNATURE>.size)
        var offset = 0
        let code = unsafe Tss2_MU_TPMT_SIGNATURE_Marshal(signature, &bytes, bytes.count, &offset)
        guard code == TSS2_RC_SUCCESS else { throw TPMError(.certify, code: code) }
        return Array(bytes.prefix(offset))
    }
}
