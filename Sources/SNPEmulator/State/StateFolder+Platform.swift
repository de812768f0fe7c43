internal import Cryptography
internal import InitramfsRuntime
internal import Secrets
public import SecureProcessor

extension StateFolder {
    /// Where a verifier finds the root of the endorsement keys' certificates, PEM.
    public var platformCertificatePath: String { certificatesPath + "/platform-ca.pem" }

    private static let longestPlatformKey = 1 << 16

    /// The authority of the platform, made on first use; it takes some seconds then.
    ///
    /// - Parameter now: seconds since 1970; its certificate is valid from then on.
    public func platformAuthority(now: Int64) throws(StateError) -> PlatformAuthority {
        let lock = try Self.lock(layout.lock)
        let path = layout.keys + "/platform-ca.pem"
        if !PathWaiter.isPresent(path) { try makePlatformKey(path) }
        let pem = try files { () throws(FileError) in
            try FileBytes.readSecret(path, limit: Self.longestPlatformKey)
        }
        guard let key = RSASigningKey.parse(pem: pem) else {
            throw .malformed(path, reason: "no RSA-4096 private key, PEM")
        }
        let authority = PlatformAuthority(key)
        // Where the certificate was lost, or had not been written yet.
        if !PathWaiter.isPresent(platformCertificatePath) { try write(authority, now) }
        _ = consume lock
        return authority
    }

    private func makePlatformKey(_ path: String) throws(StateError) {
        let pem = try computing { () throws(CryptographyError) in try PlatformAuthority.generate().pem() }
        do throws(FileError) { try FileBytes.replace(path, with: pem) } catch { throw .file(error) }
    }

    private func write(_ authority: borrowing PlatformAuthority, _ now: Int64) throws(StateError) {
        let text: String
        do throws(CryptographyError) { text = CertificateStore.pem(try authority.certificate(issued: now)) } catch {
            throw .cryptography(error)
        }
        try files { () throws(FileError) in
            try FileBytes.replace(platformCertificatePath, with: Array(text.utf8), mode: 0o644)
        }
    }
}
