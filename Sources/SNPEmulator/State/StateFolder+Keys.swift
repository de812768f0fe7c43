internal import Cryptography
internal import InitramfsRuntime
public import SNPABI
internal import Secrets
public import SecureProcessor

/// What the secrets in a state folder make.
extension StateFolder {
    private static let longestKey = 1 << 16

    /// The processor as it comes out of a reset: no guests; the VLEK is loaded if chip.json says so.
    public func processor() throws(StateError) -> SecureProcessor {
        let processor = SecureProcessor(chip: try chip(), platform: description.platform)
        if description.isVLEKLoaded { processor.loadVLEK(try vlek()) }
        return processor
    }

    /// What a host gives to guests with extended reports: the key that signs, its authority, the root, and the list; DER.
    public func certificateTable() throws(StateError) -> CertificateTable {
        let isVLEK = description.isVLEKLoaded
        return CertificateTable([
            .init(isVLEK ? CertificateTable.vlek : CertificateTable.vcek, try certificate(isVLEK ? .vlek : .vcek)),
            .init(CertificateTable.ask, try certificate(isVLEK ? .asvk : .ask)),
            .init(CertificateTable.ark, try certificate(.ark)),
            .init(CertificateTable.crl, try certificate(.revocationList)),
        ])
    }

    func certificate(_ file: CertificateFile) throws(StateError) -> [UInt8] {
        try files { () throws(FileError) in try FileBytes.read(layout.certificate(file), limit: Self.longestKey) }
    }

    func certificate(_ member: CertificateAuthority.Member) throws(StateError) -> [UInt8] {
        let path = layout.certificate(member)
        let pem = try files { () throws(FileError) in try FileBytes.read(path, limit: Self.longestKey) }
        guard let der = CertificateStore.der(pem) else { throw .malformed(path, reason: "not one certificate, PEM") }
        return der
    }

    func chip() throws(StateError) -> Chip {
        let seed = try secret(layout.chipSeed)
        guard let chip = Chip(description.platform.generation, identifier: description.chipID, seed: seed) else {
            throw .malformed(layout.chipSeed, reason: "not \(Chip.seedByteCount) bytes")
        }
        return chip
    }

    func vlek() throws(StateError) -> LoadedEndorsementKey {
        let seed = try secret(layout.vlekSeed)
        guard let key = LoadedEndorsementKey(provider: description.provider, seed: seed) else {
            throw .malformed(
                layout.vlekSeed,
                reason: "not \(LoadedEndorsementKey.seedByteCount) bytes, or a provider that has no name")
        }
        return key
    }

    func authority() throws(StateError) -> CertificateAuthority {
        CertificateAuthority(
            description.platform.generation, ark: try key(.ark), ask: try key(.ask), asvk: try key(.asvk))
    }

    private func key(_ member: CertificateAuthority.Member) throws(StateError) -> RSASigningKey {
        let pem = try secret(layout.key(member))
        guard let key = RSASigningKey.parse(pem: pem) else {
            throw .malformed(layout.key(member), reason: "no RSA-4096 private key, PEM")
        }
        return key
    }

    private func secret(_ path: String) throws(StateError) -> SecretBytes {
        do throws(FileError) { return try FileBytes.readSecret(path, limit: Self.longestKey) } catch {
            throw error.operation == .limit ? .malformed(path, reason: "too long for a key") : .file(error)
        }
    }
}
