internal import Attestation
internal import BoundedBytes
public import Configuration
internal import Cryptography
internal import InitramfsRuntime
internal import SNPABI
public import TPM

/// Step 5 of the unlock: shows that the volume's storage key lives in the TPM inside this guest, and that the guest is one
/// that the owner wants. Source: architecture, section 2.
public struct Attester: Sendable {
    let provider: AttestationSettings.Provider
    let policy: AttestationPolicy
    let places: AttestationPlaces
    /// Seconds since 1970.
    let clock: Int64

    /// Reads the policy.
    ///
    /// The clock of a guest is the host's, who could set it back to when a certificate was still valid, or a list of
    /// revocations still empty. What cannot be older than the initramfs is the policy in it, so neither is the time.
    public init(
        _ settings: AttestationSettings, places: AttestationPlaces = AttestationPlaces(), clock: Int64? = nil
    ) throws(AttestingError) {
        let (bytes, written): ([UInt8], Int64)
        do throws(FileError) {
            bytes = try FileBytes.read(settings.policyPath, limit: AttestationPolicy.longest)
            written = try FileDescriptor.open(readingAt: settings.policyPath).modified
        } catch { throw .policyFile(error) }
        do throws(DocumentError) { policy = try AttestationPolicy(parsing: bytes) } catch { throw .policy(error) }
        provider = settings.provider
        self.places = places
        self.clock = clock ?? max(WallClock.seconds, written)
    }

    /// - Parameter key: the storage key as the volume names it.
    public func attest(_ key: StorageKey, _ tpm: borrowing TPM) throws(AttestingError) -> AttestedTPM {
        try attest(key, tpm, by: GuestReports(places: places))
    }

    /// As above, with reports of another origin.
    public func attest(
        _ key: StorageKey, _ tpm: borrowing TPM, by reports: some ReportSource
    ) throws(AttestingError) -> AttestedTPM {
        let anchor = try anchor(tpm, EvidenceSource(reports))
        try anchor.prove(key, tpm)
        return AttestedTPM(storageKey: key, anchor: anchor)
    }

    /// The key that the provider vouches for.
    private func anchor(
        _ tpm: borrowing TPM, _ source: EvidenceSource<some ReportSource>
    ) throws(AttestingError) -> TPMAnchor {
        switch provider {
        case .svsm:
            guard let rules = policy.report else { throw .noReportRules }
            let evidence = try source.svsm(nonce: nonce())
            try judge(evidence, rules)
            return .endorsementKey(try Self.endorsementKey(evidence.manifest))
        case .azureHCL:
            guard let rules = policy.report else { throw .noReportRules }
            let evidence = try source.azureHCL(tpm)
            try judge(evidence, rules)
            let key = try AzureRuntimeData.attestationKey(in: evidence.manifest)
            return .attestationKey(key, handle: AzureRuntimeData.attestationKeyHandle)
        case .ekCertificate:
            guard !policy.ekRoots.isEmpty else { throw .noAuthorities }
            let area = try certifiedArea(try EndorsementCertificate.read(tpm))
            let anchor = TPMAnchor.endorsementKey(try Self.endorsementKey(area))
            if let rules = policy.report {
                try judge(source.endorsementKey(area, nonce: nonce(), level: rules.vmpl), rules)
            }
            return anchor
        }
    }

    /// TPMT_PUBLIC of the standard endorsement key that the certificate is for.
    private func certifiedArea(_ certificate: EndorsementCertificate) throws(AttestingError) -> [UInt8] {
        var path = CertificatePath(authorities: policy.ekRoots, time: policy.time(clock: clock))
        // Each is taken for what it is.
        path.intermediates = CertificateFolder.parts(of: try CertificateFolder.read(places.certificates))
        path.lists = path.intermediates
        path.needsList = policy.revocation == .fresh
        let key: CertifiedKey
        do throws(CertificatePathError) { key = try path.key(of: certificate.bytes) } catch {
            throw .endorsementCertificate(error)
        }
        let area: [UInt8]
        switch key {
        case .rsa(let modulus): area = StorageKey.publicArea(for: .endorsement, .rsa(modulus))
        case .ecc(let x, let y): area = StorageKey.publicArea(for: .endorsement, .ecc(x: x, y: y))
        case .other: throw .endorsementKeyKind
        }
        // Without the size before it.
        return Array(area.dropFirst(2))
    }

    /// - Parameter area: TPMT_PUBLIC.
    private static func endorsementKey(_ area: [UInt8]) throws(AttestingError) -> StorageKey {
        guard area.count <= Int(UInt16.max) else { throw .report(SNPFormatError("manifest", .missing("end"))) }
        var sized = ByteWriter()
        sized.sized(area)
        do throws(TPMError) { return try StorageKey(handle: 0, publicArea: sized.bytes) } catch {
            throw .manifest(error)
        }
    }

    private func nonce() throws(AttestingError) -> [UInt8] {
        do throws(CryptographyError) { return try Random.nonce(count: Evidence.longestNonce) } catch {
            throw .cryptography(error)
        }
    }
}
