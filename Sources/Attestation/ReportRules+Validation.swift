internal import BoundedBytes
internal import SNPABI

extension ReportRules {
    /// Holds all rules against a genuine report, also those behind one that is not met. The report is what the owner
    /// wants where every finding is met.
    ///
    /// REPORT_DATA is for whoever knows what it must be: see `Evidence.expectedReportData`.
    public func validate(_ verified: VerifiedReport) -> [Finding] {
        let report = verified.report
        var findings: [Finding] = []
        Self.list(&findings, "measurements", measurements, report.measurement)
        Self.list(&findings, "id_keys", idKeys, report.idKeyDigest)
        if authorKeys != nil, !report.flags.isAuthorKeyEnabled {
            findings.append(Finding("author_keys", isMet: false, expected: "an author key", found: "none"))
        } else {
            Self.list(&findings, "author_keys", authorKeys, report.authorKeyDigest)
        }
        Self.list(&findings, "family_ids", familyIDs, report.familyID)
        Self.list(&findings, "image_ids", imageIDs, report.imageID)
        findings.append(
            Finding(
                "minimum_guest_svn", isMet: report.guestSVN >= minimumGuestSVN,
                expected: "at least " + String(minimumGuestSVN), found: String(report.guestSVN)))
        findings.append(
            Finding(
                "vmpl", isMet: report.vmpl == vmpl, expected: String(vmpl),
                found: report.vmpl == AttestationReport.hostVMPL ? "the host's" : String(report.vmpl)))
        findings += tcbFindings(verified)
        findings += policyFindings(report)
        for flag in PlatformInfo.Flag.allCases {
            Self.bit(
                &findings, "platform_info." + flag.rawValue, flag.mask, platformInfo, report.platformInfo.rawValue)
        }
        Self.list(&findings, "host_data", hostData, report.hostData)
        findings += originFindings(verified)
        return findings
    }

    private func tcbFindings(_ verified: VerifiedReport) -> [Finding] {
        let generation = verified.generation
        guard let minimum = minimumTCBs.first(where: { $0.generation == generation }) else {
            let accepted = minimumTCBs.map { $0.generation.rawValue }.joined(separator: " or ")
            return [Finding("minimum_tcb", isMet: false, expected: accepted, found: generation.rawValue)]
        }
        return minimum.levels.map { level in
            let found = level.name.value(in: verified.report)
            return Finding(
                "minimum_tcb." + level.name.rawValue, isMet: found.isAtLeast(level.tcb),
                expected: "at least " + level.tcb.named(for: generation), found: found.named(for: generation))
        }
    }

    private func policyFindings(_ report: AttestationReport) -> [Finding] {
        var findings = [
            Finding(
                "guest_policy", isMet: report.policy.isWellFormed, expected: "one that AMD defines",
                found: "0x" + String(report.policy.rawValue, radix: 16))
        ]
        for flag in GuestPolicy.Flag.allCases {
            Self.bit(&findings, "guest_policy." + flag.rawValue, flag.mask, guestPolicy, report.policy.rawValue)
        }
        // Whoever refuses migration wants no agent that may move the guest.
        if guestPolicy.refused & GuestPolicy.Flag.migrationAgent.mask != 0 {
            let hasAgent = report.migrationReportID.contains { $0 != 0xFF }
            findings.append(
                Finding(
                    "guest_policy.migration-agent", isMet: !hasAgent, expected: "no agent",
                    found: hasAgent ? Hexadecimal.encode(report.migrationReportID) : "no agent"))
        }
        return findings
    }

    private func originFindings(_ verified: VerifiedReport) -> [Finding] {
        var findings: [Finding] = []
        if let chips {
            if let chip = verified.chip {
                Self.list(&findings, "chips", chips, chip)
            } else {
                findings.append(
                    Finding("chips", isMet: false, expected: "a chip that is named", found: "a VLEK, which names none"))
            }
        }
        if let signers {
            findings.append(
                Finding(
                    "signers", isMet: signers.contains(verified.key),
                    expected: signers.map { $0.rawValue }.joined(separator: " or "), found: verified.key.rawValue))
        }
        if let cspIDs, let found = verified.cspID {
            findings.append(
                Finding(
                    "csp_ids", isMet: cspIDs.contains(found),
                    expected: cspIDs.map { Printable.escape($0) }.joined(separator: " or "),
                    found: Printable.escape(found)))
        }
        return findings
    }

    private static func list(_ findings: inout [Finding], _ rule: String, _ allowed: [[UInt8]]?, _ found: [UInt8]) {
        guard let allowed, let first = allowed.first else { return }
        let others = allowed.count > 1 ? " or one of " + String(allowed.count - 1) + " others" : ""
        findings.append(
            Finding(
                rule, isMet: allowed.contains(found), expected: Hexadecimal.encode(first) + others,
                found: Hexadecimal.encode(found)))
    }

    private static func bit(
        _ findings: inout [Finding], _ rule: String, _ mask: UInt64, _ rules: BitRules, _ value: UInt64
    ) {
        guard (rules.refused | rules.required) & mask != 0 else { return }
        let (isRequired, isSet) = (rules.required & mask != 0, value & mask != 0)
        findings.append(
            Finding(rule, isMet: isRequired == isSet, expected: isRequired ? "1" : "0", found: isSet ? "1" : "0"))
    }
}
