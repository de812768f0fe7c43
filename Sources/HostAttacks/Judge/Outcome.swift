internal import JSON

/// What a trial ended in.
struct Outcome {
    let status: Int32
    /// What was said last.
    let text: String
    private let errorText: String
    private let isUnlock: Bool
    private let result: String?
    /// The TPM gave the secret to the guest.
    private let isUnsealed: Bool

    init(_ run: HostShell.Result, of trial: Trial) {
        status = run.status
        errorText = run.errorText
        text = run.lastLine
        if case .unlock = trial.action { isUnlock = true } else { isUnlock = false }
        let report: JSONValue?
        // Where the emulator itself refuses, there is no report.
        do throws(JSONError) { report = try JSONValue(parsing: run.output) } catch { report = nil }
        result = report?["result"]?.string
        isUnsealed =
            report?["steps"]?.array?
            .contains { $0["name"]?.string == "unseal" && $0["result"]?.string == "ok" } ?? false
    }

    /// Of a whole machine.
    init(_ run: HostShell.Result) {
        status = run.status
        errorText = run.errorText
        text = run.lastLine
        (isUnlock, result, isUnsealed) = (false, nil, false)
    }

    /// The volume was opened, or whoever sits at the console is asked for its passphrase, or the script got what it
    /// wanted.
    var isThrough: Bool { status == 0 && (!isUnlock || result == "verified" || result == "unenrolled") }

    /// What is wrong with it as the end of the attack; nil where it held.
    ///
    /// - Parameters:
    ///   - code: the exit status that must come of it, as in `Attack`.
    ///   - reason: part of what must be said.
    func fault(expecting code: Int32?, naming reason: String) -> String? {
        if code == 0 { return isThrough ? nil : "the guest does not stand it: " + text }
        if isThrough || result == "verified" { return "it gets through: " + text }
        let expected = code ?? 1
        if status != expected { return "ended with \(status) in place of \(expected): " + text }
        // Evidence and boot are judged before the TPM is asked; a volume is only after.
        if isUnsealed, expected == 76 || expected == 77 { return "the secret was unsealed: " + text }
        return errorText.contains(reason) ? nil : "'\(reason)' is not what is blamed: " + text
    }
}
