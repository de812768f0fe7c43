public import BoundedBytes
internal import EmulatorLink
public import GuestKernel

/// The SVSM's attestation services, through the machine's port.
public final class ServicePort: ServiceAttestation {
    private let port: LinkPort
    private let report: (PortError) -> Void

    /// - Parameter report: gets the reason of each failure.
    public init(_ port: LinkPort, report: @escaping (PortError) -> Void) {
        self.port = port
        self.report = report
    }

    public func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence? {
        let message = ServiceMessage(nonce: nonce, service: service, manifestVersion: manifestVersion)
        do throws(PortError) {
            let answer = try port.exchange(message.encoded()) { (body: [UInt8]) throws(LinkError) in
                try ServiceAnswer(parsing: body)
            }
            guard case .evidence(let evidence, let manifest, let certificates) = answer else { return nil }
            return ServiceEvidence(report: evidence, manifest: manifest, certificates: certificates)
        } catch {
            report(error)
            return nil
        }
    }
}
