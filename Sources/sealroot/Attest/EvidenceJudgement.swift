internal import Attestation
internal import BoundedBytes
internal import SNPABI

/// What was found about a report: the verifier's steps, and what policy and nonce say to a genuine one.
struct EvidenceJudgement {
    let report: AttestationReport
    /// When the certificates had to be valid, in seconds since 1970.
    let time: Int64
    var verified: VerifiedReport?
    /// Set where `verified` is not.
    var failure: VerificationFailure?
    /// nil where nothing is known about REPORT_DATA.
    var binding: Finding?
    /// nil without policy.
    var findings: [Finding]?
    /// Whether the nonce is the caller's and not the evidence's own.
    var isNonceOurs = false

    init(report: AttestationReport, time: Int64) {
        self.report = report
        self.time = time
    }

    var isAccepted: Bool { verified != nil && unmet.isEmpty }

    /// What policy or nonce do not accept.
    var unmet: [Finding] { ((binding.map { [$0] } ?? []) + (findings ?? [])).filter { !$0.isMet } }

    /// One word for scripts. A genuine report of which nobody said what it should be is not an accepted one.
    var result: String {
        guard isAccepted else { return "refused" }
        return findings == nil ? "genuine" : "accepted"
    }

    /// The steps that were taken, in their order, and what each found.
    var steps: [(step: VerificationFailure.Step, isMet: Bool, detail: String)] {
        let failed = failure.flatMap { failure in
            VerificationFailure.Step.allCases.firstIndex(of: failure.step)
        }
        return VerificationFailure.Step.allCases.enumerated().compactMap { index, step in
            guard let failed, let failure else { return (step, true, detail(of: step)) }
            guard index <= failed else { return nil }
            return index < failed ? (step, true, "") : (step, false, failure.detail)
        }
    }

    private func detail(of step: VerificationFailure.Step) -> String {
        guard let verified else { return "" }
        switch step {
        case .report:
            return
                "version \(report.version) of firmware \(report.currentFirmware), signed by a \(verified.key.role.rawValue)"
        case .root: return certificate(0) + (verified.root == .caller ? ", trusted by the caller" : ", AMD's")
        case .intermediate: return certificate(1)
        case .revocation: return revocation(verified.revocation)
        case .leaf: return certificate(2)
        case .extensions: return verified.generation.rawValue
        case .tcb: return levels(of: .reported).map { "\($0.name) \($0.level)" }.joined(separator: ", ")
        case .chip:
            return verified.chip.map { Hexadecimal.encode($0) }
                ?? "not named: the key is lent to " + Printable.escape(verified.cspID ?? "")
        case .signature: return "ECDSA P-384 with SHA-384"
        case .consistency: return "reported, committed, launch and current TCB in their order"
        }
    }

    private func certificate(_ index: Int) -> String {
        guard let certificates = verified?.certificates, certificates.indices.contains(index) else { return "" }
        let certificate = certificates[index]
        return "\(certificate.role.rawValue) '\(Printable.escape(certificate.name))', "
            + "SHA-256 \(Hexadecimal.encode(certificate.fingerprint)), until \(UTCTime.text(certificate.notAfter))"
    }

    private func revocation(_ state: RevocationState) -> String {
        switch state {
        case .notChecked: "no list was given"
        case .fresh(let end): "by a list that is good until \(UTCTime.text(end))"
        case .stale(let end): "by a list that \(end.map { "ended at \(UTCTime.text($0))" } ?? "has no end")"
        }
    }

    /// The levels of a TCB by name; none where the generation is not known.
    func levels(of name: TCBName) -> [(name: String, level: UInt8)] {
        guard let generation = verified?.generation ?? report.processor?.generation else { return [] }
        return name.value(in: report).components(for: generation).named
    }
}
