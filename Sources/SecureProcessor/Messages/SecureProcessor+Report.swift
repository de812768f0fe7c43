internal import Cryptography
public import SNPABI

/// Attestation reports. Source: AMD 56860, "Attestation".
extension SecureProcessor {
    /// MSG_REPORT_REQ. STATUS is INVALID_PARAM for a VMPL above the caller's, INVALID_KEY where no key may sign.
    func answerReport(_ payload: [UInt8], level: UInt32, _ context: GuestContext) throws(FirmwareStatus) -> [UInt8] {
        let request: ReportRequest
        do throws(SNPFormatError) { request = try ReportRequest(parsing: payload) } catch {
            return ReportResponse(status: .invalidParameter, report: []).encoded()
        }
        guard (level...3).contains(request.vmpl) else {
            return ReportResponse(status: .invalidParameter, report: []).encoded()
        }
        guard let signer = signer(request.keySelection, context) else {
            return ReportResponse(status: .invalidKey, report: []).encoded()
        }
        let report = try report(context, vmpl: request.vmpl, data: request.reportData, signer)
        return ReportResponse(status: .success, report: report.encoded()).encoded()
    }

    /// SNP_HV_REPORT_REQ: a report that the host asks for, with VMPL 0xFFFFFFFF and without REPORT_DATA.
    ///
    /// - Throws: INVALID_GUEST_STATE unless the guest runs, INVALID_KEY where no key may sign.
    public func hostReport(
        _ guest: GuestHandle, _ selection: SigningKeySelection = .automatic
    ) throws(FirmwareStatus) -> AttestationReport {
        let context = try context(guest, in: .running)
        guard let signer = signer(selection, context) else { throw .invalidKey }
        let noData = [UInt8](repeating: 0, count: 64)
        return try report(context, vmpl: AttestationReport.hostVMPL, data: noData, signer)
    }

    /// Which key the guest gets; nil where that one is not loaded, or was denied to it at launch.
    func signer(_ selection: SigningKeySelection, _ context: GuestContext) -> ReportFlags.SigningKey? {
        switch selection {
        case .vlek: vlek == nil ? nil : .vlek
        case .automatic where vlek != nil: .vlek
        case .vcek, .automatic: context.isVCEKDisabled ? nil : .vcek
        }
    }

    private func report(
        _ context: GuestContext, vmpl: UInt32, data: [UInt8], _ signer: ReportFlags.SigningKey
    ) throws(FirmwareStatus) -> AttestationReport {
        let version = platform.reportVersion
        // The platform's mask is about the VCEK: a VLEK tells nothing about the chip.
        let isUnsigned = platform.isChipKeyMasked && signer == .vcek
        var report = AttestationReport(version: version, policy: context.policy)
        report.guestSVN = context.identity.guestSVN
        report.familyID = context.identity.familyID
        report.imageID = context.identity.imageID
        report.vmpl = vmpl
        report.platformInfo = platform.information
        report.flags = ReportFlags(
            isAuthorKeyEnabled: context.identity.authorKeyDigest != nil, isChipKeyMasked: platform.isChipKeyMasked,
            signingKey: isUnsigned ? .none : signer)
        report.reportData = data
        report.measurement = context.digest.bytes
        report.hostData = context.hostData
        report.idKeyDigest = context.identity.idKeyDigest
        report.authorKeyDigest = context.identity.authorKeyDigest ?? report.authorKeyDigest
        report.reportID = context.reportID
        report.currentTCB = platform.currentTCB
        report.reportedTCB = platform.reportedTCB
        report.committedTCB = platform.committedTCB
        report.launchTCB = context.launchTCB
        report.currentFirmware = platform.currentFirmware
        report.committedFirmware = platform.committedFirmware
        if version >= 3 { report.processor = platform.processor }
        if version >= 5 {
            report.mitigations = MitigationVectors(launch: context.launchMitigations, current: platform.mitigations)
        }
        if signer == .vcek, !platform.isChipIDMasked {
            let identifier = chip.identifier
            report.chipID = identifier + [UInt8](repeating: 0, count: 64 - identifier.count)
        }
        if !isUnsigned { report.signature = try signature(over: report.signedBytes, signer) }
        return report
    }

    private func signature(
        over message: [UInt8], _ signer: ReportFlags.SigningKey
    ) throws(FirmwareStatus) -> ReportSignature {
        try working { () throws(CryptographyError) in
            let (r, s) = try keyInUse(signer).key.sign(message)
            return ReportSignature(r: r, s: s)
        }
    }

    /// The key of that kind and of the level that is reported. It stays loaded: to derive it takes as long as to sign.
    private func keyInUse(_ signer: ReportFlags.SigningKey) throws(CryptographyError) -> SigningKeyInUse {
        let tcb = platform.reportedTCB
        if let held = signingKey, held.signer == signer, held.tcb == tcb { return held }
        let key: P384SigningKey =
            if signer == .vlek, let vlek { try vlek.key(tcb, platform.generation) } else { try chip.vcek(tcb) }
        let loaded = SigningKeyInUse(signer, tcb, key)
        signingKey = loaded
        return loaded
    }
}

/// A VCEK or VLEK that is loaded.
final class SigningKeyInUse {
    let signer: ReportFlags.SigningKey
    let tcb: TCBVersion
    let key: P384SigningKey

    init(_ signer: ReportFlags.SigningKey, _ tcb: TCBVersion, _ key: consuming P384SigningKey) {
        self.signer = signer
        self.tcb = tcb
        self.key = key
    }
}
