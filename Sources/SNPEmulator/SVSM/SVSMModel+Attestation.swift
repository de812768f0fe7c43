public import BoundedBytes
internal import Cryptography
public import GuestKernel
internal import SNPABI

/// The attestation protocol: the manifest of the services in a report of VMPL 0, with REPORT_DATA = SHA-512(nonce,
/// manifest).
///
/// Source: AMD 58019, "Attestation Protocol"; where it leaves a choice, as coconut-svsm (kernel/src/protocols/attest.rs).
extension SVSMModel {
    /// As the guest's kernel asks through configfs-tsm: with room for 16 KiB of certificates.
    public func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence? {
        guard nonce.count == AttestationOperation.nonceByteCount else { return nil }
        do throws(SVSMResult) {
            let manifest = try manifest(of: service.map { .init($0, manifestVersion: manifestVersion) })
            let pages = Int(AttestationOperation.mostCertificateBytes) / GuestMessageHeader.pageByteCount
            guard case .report(let report, let certificates) = try report(nonce, manifest, pages: pages) else {
                return nil
            }
            return ServiceEvidence(report: report, manifest: manifest, certificates: certificates)
        } catch { return nil }
    }

    /// The bytes that the report vouches for: of all services their table, of one what it shows itself.
    func manifest(of service: AttestationOperation.Service?) throws(SVSMResult) -> [UInt8] {
        guard let endorsementKey = endorsementKeys[.rsa] else { throw .invalidRequest }
        guard let service else {
            do throws(SNPFormatError) {
                return try ServicesManifest([.init(ServicesManifest.vtpm, endorsementKey)]).encoded()
            } catch { throw .invalidRequest }
        }
        guard service.identifier == ServicesManifest.vtpm else { throw .unsupportedProtocol }
        guard service.manifestVersion == VTPMManifest.version else { throw .invalidParameter }
        return endorsementKey
    }

    /// SVSM_ATTEST_SERVICES and SVSM_ATTEST_SINGLE_SERVICE. Where a buffer is too small the result is INVALID_PARAMETER
    /// with the sizes that are needed: of the manifest in RCX, of the certificates in RDX, of the report in R8.
    func attest(
        _ call: SVSMCall, _ registers: inout SVSMRegisters, memory: inout some SVSMGuestMemory
    ) throws(SVSMResult) {
        // coconut-svsm has this result for a call that it does not know, too.
        guard let size = AttestationOperation.byteCount(of: call) else { throw .unsupportedProtocol }
        guard let bytes = memory.read(size, at: registers.rcx) else { throw .invalidParameter }
        let operation: AttestationOperation
        do throws(SNPFormatError) { operation = try AttestationOperation(parsing: bytes, call: call) } catch {
            throw .invalidParameter
        }
        let manifest = try manifest(of: operation.service)
        guard let nonce = memory.read(AttestationOperation.nonceByteCount, at: operation.nonce.address) else {
            throw .invalidParameter
        }
        let needed = (manifest: UInt64(manifest.count), report: UInt64(AttestationReport.byteCount))
        guard needed.manifest <= UInt64(operation.manifest.byteCount),
            needed.report <= UInt64(operation.report.byteCount)
        else {
            (registers.rcx, registers.r8) = (needed.manifest, needed.report)
            throw .invalidParameter
        }
        let page = GuestMessageHeader.pageByteCount
        let pages = Int(operation.certificates.byteCount) / page
        let (report, certificates): ([UInt8], [UInt8])
        switch try self.report(nonce, manifest, pages: pages) {
        case .report(let bytes, let table): (report, certificates) = (bytes, table)
        case .tooManyCertificates(let wanted):
            // The host says how many; a number that no size can hold is the host's lie.
            registers.rdx = wanted.multipliedReportingOverflow(by: UInt64(page)).partialValue
            throw .invalidParameter
        }
        guard memory.write(report, at: operation.report.address),
            memory.write(manifest, at: operation.manifest.address),
            certificates.isEmpty || memory.write(certificates, at: operation.certificates.address)
        else { throw .invalidParameter }
        registers = SVSMRegisters(rcx: needed.manifest, rdx: UInt64(certificates.count), r8: needed.report)
    }

    /// The report over both; the certificates without what lies behind them in the host's pages.
    private func report(
        _ nonce: [UInt8], _ manifest: [UInt8], pages: Int
    ) throws(SVSMResult) -> SVSMMessages.Answer {
        do {
            let data = try AttestationOperation.reportData(nonce: nonce, manifest: manifest)
            let answer = try messages.report(data, certificatePages: pages)
            guard case .report(let report, let table) = answer, !table.isEmpty else { return answer }
            return .report(report, certificates: HostCertificates.table(in: table))
        } catch { throw .invalidRequest }
    }
}
