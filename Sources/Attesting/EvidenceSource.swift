public import Attestation
internal import BoundedBytes
internal import Cryptography
internal import GuestDevices
internal import SNPABI
public import TPM

/// Makes the evidence of each provider. None of it is judged here.
public struct EvidenceSource<Reports: ReportSource> {
    private let reports: Reports

    public init(_ reports: Reports) { self.reports = reports }

    /// The SVSM's word for the endorsement key of its vTPM.
    ///
    /// - Parameter nonce: at most 64 bytes; the SVSM takes exactly so many, so zeros fill it up.
    public func svsm(nonce: [UInt8]) throws(AttestingError) -> Evidence {
        let nonce = Evidence.padded(nonce)
        let raw = try reports.service(ServicesManifest.vtpm.description, nonce: nonce)
        return Evidence(
            provider: .svsm, report: raw.report, certificateTable: raw.certificateTable, manifest: raw.manifest,
            nonce: nonce)
    }

    /// The report that Azure's paravisor left in the TPM at boot. There is no nonce: it is the attestation key that shows
    /// itself to be alive.
    public func azureHCL(_ tpm: borrowing TPM) throws(AttestingError) -> Evidence {
        let bytes: [UInt8]
        do throws(TPMError) { bytes = try tpm.readIndex(at: HCLReport.nvIndex, limit: 1 << 14) } catch {
            throw .tpm(error)
        }
        let blob: HCLReport
        do throws(SNPFormatError) { blob = try HCLReport(parsing: bytes) } catch { throw .azureReport(error) }
        return Evidence(provider: .azureHCL, report: blob.report, manifest: blob.runtimeData)
    }

    /// A report of the guest itself about an endorsement key.
    ///
    /// - Parameters:
    ///   - publicArea: TPMT_PUBLIC of the key.
    ///   - level: VMPL to ask for; nil leaves it to the kernel.
    public func endorsementKey(
        _ publicArea: [UInt8], nonce: [UInt8], level: UInt32?
    ) throws(AttestingError) -> Evidence {
        let digest = try hashed(nonce + publicArea)
        let raw = try reports.report(digest, level: level)
        return Evidence(
            provider: .ekCertificate, report: raw.report, certificateTable: raw.certificateTable, manifest: publicArea,
            nonce: nonce)
    }

    /// A report of the guest itself, with the nonce in REPORT_DATA.
    ///
    /// - Parameter nonce: at most 64 bytes.
    public func guest(nonce: [UInt8], level: UInt32? = nil) throws(AttestingError) -> Evidence {
        let raw = try reports.report(Evidence.padded(nonce), level: level)
        return Evidence(
            provider: .guestDevice, report: raw.report, certificateTable: raw.certificateTable, nonce: nonce)
    }

    private func hashed(_ bytes: [UInt8]) throws(AttestingError) -> [UInt8] {
        do throws(CryptographyError) { return try DigestAlgorithm.sha512.hash(bytes) } catch {
            throw .cryptography(error)
        }
    }
}
