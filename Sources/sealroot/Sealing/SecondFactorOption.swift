internal import Attesting
internal import InitramfsRuntime
internal import SealedFormat
internal import Sealing

/// `--second-factor snp[:fields]`.
enum SecondFactorOption {
    static let explanation =
        "--second-factor takes snp, or snp: and fields with commas between: policy, image-id, family-id, measurement, "
        + "guest-svn, tcb-version"

    /// Nil where `text` is malformed. Linux passes no request on that has launch mitigations in it.
    static func fields(_ text: String) -> [DerivedKeySelection.Field]? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.first == "snp" else { return nil }
        guard parts.count == 2 else { return [.policy, .measurement] }
        var fields: [DerivedKeySelection.Field] = []
        for name in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            guard let field = DerivedKeySelection.Field(rawValue: String(name)), field != .launchMitigations,
                !fields.contains(field)
            else { return nil }
            fields.append(field)
        }
        return fields
    }

    static func selection(_ text: String, _ factor: SNPSecondFactor) throws(CommandFailure) -> DerivedKeySelection {
        do throws(SealingError) { return try factor.selection(.chip, fields(text) ?? []) } catch {
            throw CommandFailure(code: .unavailable, area: "second-factor", detail: error.description)
        }
    }
}
