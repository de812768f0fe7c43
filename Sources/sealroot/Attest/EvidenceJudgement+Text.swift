internal import Attestation
internal import BoundedBytes
internal import JSON
internal import SNPABI

extension EvidenceJudgement {
    /// The tree of what was checked, for people.
    var lines: [String] {
        var lines = ["report at \(UTCTime.text(time))"]
        lines += steps.map { Self.line($0.step.rawValue, $0.isMet, $0.detail) }
        if let binding {
            let origin = isNonceOurs ? "by the nonce that was given" : "by the evidence's own nonce, which may be old"
            lines.append(Self.line(binding.rule, binding.isMet, binding.isMet ? origin : binding.reason))
        }
        if let findings {
            lines.append("policy")
            lines += findings.map { Self.line($0.rule, $0.isMet, $0.isMet ? $0.found : Self.difference($0)) }
        }
        if verified != nil {
            lines.append("guest")
            lines += facts.map { "  " + Self.padded($0.name) + $0.value }
        }
        lines.append("verdict: " + verdict)
        return lines
    }

    /// What a genuine report says, as far as somebody would put it into a policy.
    private var facts: [(name: String, value: String)] {
        var facts = [
            (name: "measurement", value: Hexadecimal.encode(report.measurement)), ("vmpl", String(report.vmpl)),
            ("guest_policy", Self.names(GuestPolicy.Flag.allCases.filter { report.policy.has($0) }.map(\.rawValue))),
            (
                "platform_info",
                Self.names(PlatformInfo.Flag.allCases.filter { report.platformInfo.has($0) }.map(\.rawValue))
            ),
        ]
        for (name, bytes) in [
            ("id_key", report.idKeyDigest), ("author_key", report.authorKeyDigest), ("host_data", report.hostData),
        ] where bytes.contains(where: { $0 != 0 }) { facts.append((name, Hexadecimal.encode(bytes))) }
        return facts
    }

    private static func names(_ flags: [String]) -> String {
        let shown = flags.filter { $0 != GuestPolicy.Flag.reserved.rawValue }
        return shown.isEmpty ? "none" : shown.joined(separator: ", ")
    }

    private var verdict: String {
        if let failure { return "refused: " + failure.description }
        guard unmet.isEmpty else {
            return "refused: genuine, but not what is demanded: " + unmet.map { $0.rule }.joined(separator: ", ")
        }
        return findings == nil ? "genuine; no policy says what the guest must be" : "accepted"
    }

    private static func difference(_ finding: Finding) -> String {
        "expected \(finding.expected), found \(finding.found)"
    }

    private static func line(_ name: String, _ isMet: Bool, _ detail: String) -> String {
        "  " + padded(name) + (isMet ? "ok" : "REFUSED") + (detail.isEmpty ? "" : "  " + detail)
    }

    private static func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(1, 34 - name.utf8.count))
    }

    /// What `--json` prints. `policy` is null without one; `report` is what the bytes say, also where it is refused.
    var json: JSONValue {
        let reasons = failure.map { [$0.description] } ?? unmet.map { $0.reason }
        return .object([
            JSONMember("result", .string(result)),
            JSONMember("reasons", .array(reasons.map { .string($0) })),
            JSONMember("time", .string(UTCTime.text(time))),
            JSONMember("report", reportJSON),
            JSONMember("steps", .array(steps.map { Self.json($0.step.rawValue, $0.isMet, $0.detail) })),
            JSONMember("report_data", binding.map { Self.json($0) } ?? .null),
            JSONMember("nonce", .string(binding == nil ? "none" : isNonceOurs ? "given" : "evidence")),
            JSONMember("policy", findings.map { .array($0.map { Self.json($0) }) } ?? .null),
            JSONMember("certificates", .array((verified?.certificates ?? []).map { Self.json($0) })),
        ])
    }

    private static func json(_ name: String, _ isMet: Bool, _ detail: String) -> JSONValue {
        .object([
            JSONMember("step", .string(name)), JSONMember("verdict", .string(isMet ? "ok" : "refused")),
            JSONMember("detail", .string(detail)),
        ])
    }

    private static func json(_ finding: Finding) -> JSONValue {
        .object([
            JSONMember("rule", .string(finding.rule)),
            JSONMember("verdict", .string(finding.isMet ? "ok" : "refused")),
            JSONMember("expected", .string(finding.expected)), JSONMember("found", .string(finding.found)),
        ])
    }

    private static func json(_ certificate: CertificateSummary) -> JSONValue {
        .object([
            JSONMember("role", .string(certificate.role.rawValue)), JSONMember("name", .string(certificate.name)),
            JSONMember("serial", .string(certificate.serial)),
            JSONMember("sha256", .string(Hexadecimal.encode(certificate.fingerprint))),
            JSONMember("not_before", .string(UTCTime.text(certificate.notBefore))),
            JSONMember("not_after", .string(UTCTime.text(certificate.notAfter))),
        ])
    }

    /// The fields of the report in its order, also of one that is refused.
    private var reportJSON: JSONValue {
        func digits(_ bytes: [UInt8]) -> JSONValue { .string(Hexadecimal.encode(bytes)) }
        return .object([
            JSONMember("version", .integer(Int64(report.version))),
            JSONMember("guest_svn", .integer(Int64(report.guestSVN))),
            JSONMember("policy", .string("0x" + String(report.policy.rawValue, radix: 16))),
            JSONMember("family_id", digits(report.familyID)), JSONMember("image_id", digits(report.imageID)),
            JSONMember("vmpl", .integer(Int64(report.vmpl))),
            JSONMember("platform_info", .string("0x" + String(report.platformInfo.rawValue, radix: 16))),
            JSONMember("signer", verified.map { .string($0.key.rawValue) } ?? .null),
            JSONMember("report_data", digits(report.reportData)),
            JSONMember("measurement", digits(report.measurement)), JSONMember("host_data", digits(report.hostData)),
            JSONMember("id_key_digest", digits(report.idKeyDigest)),
            JSONMember("author_key_digest", digits(report.authorKeyDigest)),
            JSONMember("report_id", digits(report.reportID)),
            JSONMember("generation", verified.map { .string($0.generation.rawValue) } ?? .null),
            JSONMember("chip", verified?.chip.map { digits($0) } ?? .null),
            JSONMember("csp_id", verified?.cspID.map { .string($0) } ?? .null),
            JSONMember("firmware", .string(report.currentFirmware.description)),
            JSONMember("tcb", .object(TCBName.allCases.map { JSONMember($0.rawValue, levelsJSON($0)) })),
        ])
    }

    private func levelsJSON(_ name: TCBName) -> JSONValue {
        .object(levels(of: name).map { JSONMember($0.name, .integer(Int64($0.level))) })
    }
}
