public import BoundedBytes

/// The SVSM's attestation services, as the guest's kernel calls them. Source: AMD 58019, attestation protocol.
public protocol ServiceAttestation: AnyObject {
    /// SVSM_ATTEST_SERVICES, or SVSM_ATTEST_SINGLE_SERVICE where a service is named.
    ///
    /// - Parameters:
    ///   - nonce: 64 bytes.
    ///   - service: nil for all services.
    /// - Returns: nil where the SVSM's result is not success; the kernel makes EINVAL of it.
    func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence?
}

public struct ServiceEvidence: Equatable, Sendable {
    /// The bare report, 1184 bytes, of VMPL 0.
    public let report: [UInt8]
    public let manifest: [UInt8]
    /// The certificate table; empty where the host has none.
    public let certificates: [UInt8]

    public init(report: [UInt8], manifest: [UInt8], certificates: [UInt8]) {
        self.report = report
        self.manifest = manifest
        self.certificates = certificates
    }
}
