public import Attestation
public import Cryptography
public import GuestDevices
public import InitramfsRuntime
public import SNPABI
public import TPM

/// Why nobody knows that the TPM is the one inside this guest.
public enum AttestingError: Error, Equatable {
    // What the owner has configured.
    case policyFile(FileError)
    case policy(DocumentError)
    /// The policy has no rules for the reports that the provider hangs on.
    case noReportRules
    /// The policy names no authority for certificates of endorsement keys.
    case noAuthorities
    case certificateFolder(FileError)

    // What could not be asked.
    case device(GuestDeviceError)
    case tpm(TPMError)
    case cryptography(CryptographyError)

    // What cannot be read.
    case report(SNPFormatError)
    case azureReport(SNPFormatError)
    /// Azure's runtime data lacks that.
    case runtimeData(String)
    /// What is vouched for is no key that a TPM could have for that.
    case manifest(TPMError)

    // What is refused.
    /// REPORT_DATA is for another nonce or manifest.
    case reportData
    /// The report was not asked for from VMPL 0, so it is no SVSM's.
    case privilegeLevel(UInt32)
    case verification(VerificationFailure)
    /// The rules that are not met; at least one.
    case findings([Finding])
    /// The TPM has no certificate for an endorsement key.
    case noEndorsementCertificate
    case endorsementCertificate(CertificatePathError)
    /// The certificate is for a key that is neither RSA-2048 nor P-256.
    case endorsementKeyKind
    /// The TPM that answers has not the key that was vouched for, or the volume's storage key is not in it.
    case unproven(TPMError)
    /// The attestation key does not say that the storage key is beside it.
    case uncertified

    public var exitCode: ExitCode {
        switch self {
        case .policyFile, .policy, .noReportRules, .noAuthorities, .certificateFolder: .configuration
        case .device(let error):
            // A guest that cannot attest is one whose host does not let it, or one that was not made for it: neither gets
            // the key by trying again.
            error.isMalformed ? .malformed : error.isTransient ? .unavailable : .attestationRefused
        case .tpm(let error): error.isLockout || error.isRetry ? .busy : .unavailable
        case .cryptography: .internalFault
        case .report, .azureReport, .runtimeData: .malformed
        case .manifest, .reportData, .privilegeLevel, .verification, .findings, .noEndorsementCertificate,
            .endorsementCertificate, .endorsementKeyKind, .unproven, .uncertified:
            .attestationRefused
        }
    }
}

extension AttestingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .policyFile(let error), .certificateFolder(let error): error.description
        case .policy(let error): error.description
        case .noReportRules: "the policy has no rules for reports, which this provider needs: see sealroot-policy(7)"
        case .noAuthorities: "the policy has no ek_roots, which ek-cert needs: see sealroot-policy(7)"
        case .device(let error): error.description
        case .tpm(let error): error.description
        case .cryptography(let error): error.description
        case .report(let error), .azureReport(let error): error.description
        case .runtimeData(let part): "HCL report: runtime data without " + part
        case .manifest(let error): "what is vouched for is no endorsement key: " + error.description
        case .reportData: "the report is for another nonce or another TPM"
        case .privilegeLevel(let level): "the report is of VMPL " + String(level) + ", not of an SVSM in VMPL 0"
        case .verification(let error): error.description
        case .findings(let findings): findings.map { $0.reason }.joined(separator: "; ")
        case .noEndorsementCertificate: "the TPM has no certificate for an endorsement key"
        case .endorsementCertificate(let error): "certificate of the endorsement key: " + error.description
        case .endorsementKeyKind: "certificate of the endorsement key: neither RSA-2048 nor P-256"
        case .unproven(let error): "this is not the TPM that was vouched for: " + error.description
        case .uncertified: "this is not the TPM that was vouched for: its key does not certify the storage key"
        }
    }
}
