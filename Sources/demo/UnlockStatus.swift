import JSON

/// A status of an unlock that lacks nothing: attested, checked, unsealed, authenticated, opened and fenced.
struct UnlockStatus {
    /// One of the boot chain.
    struct Component {
        let name: String
        let digest: String?
        let subject: String
    }

    let chain: [Component]
    private let attestation: String
    private let commands: Int64
    private let milliseconds: [(name: String, time: Int64)]

    /// In the order in which they are told: what the step has done, and its name in the status.
    private static let wanted = [
        ("attested", "attest"), ("checked", "check-boot"), ("unsealed", "unseal"), ("authenticated", "authenticate"),
        ("opened", "open"), ("fenced", "fence"),
    ]
    private static let wantedComponents = ["log", "secure-boot", "shim", "grub", "kernel", "command-line"]

    /// - Throws: `.status` where a step or a component is missing or was not good.
    init(parsing text: String) throws(DemoFailure) {
        let status = try JSONValue.inStatus(text)
        guard status["result"] == .string("unlocked"), status["code"] == .integer(0) else {
            throw .status("the volume was not unlocked: " + text)
        }
        guard let provider = status["attestation"]?["provider"]?.string,
            status["attestation"]?["verdict"] == .string("accepted")
        else { throw .status("nobody has attested the guest") }
        attestation = provider
        commands = status["tpm_commands"]?.integer ?? 0
        milliseconds = try Self.times(status["steps"]?.array ?? [])
        chain = try Self.components(status["chain"]?.array ?? [])
    }

    private static func times(_ steps: [JSONValue]) throws(DemoFailure) -> [(name: String, time: Int64)] {
        var times: [(name: String, time: Int64)] = []
        for (title, name) in wanted {
            guard let step = steps.first(where: { $0["name"] == .string(name) }), step["result"] == .string("ok"),
                let time = step["milliseconds"]?.integer
            else { throw .status("not \(title): the status has no good step '\(name)'") }
            times.append((title, time))
        }
        return times
    }

    private static func components(_ chain: [JSONValue]) throws(DemoFailure) -> [Component] {
        var components: [Component] = []
        for entry in chain {
            guard let name = entry["component"]?.string, entry["verdict"] == .string("ok") else {
                throw .status("a component of the boot is refused: " + entry.compact)
            }
            components.append(
                Component(name: name, digest: entry["digest"]?.string, subject: entry["subject"]?.string ?? ""))
        }
        for name in wantedComponents where !components.contains(where: { $0.name == name }) {
            throw .status("the chain has no '\(name)'")
        }
        return components
    }

    /// Each step with its time.
    var steps: String {
        let lines = milliseconds.map { title, time in
            let number = String(time)
            return title + String(repeating: " ", count: max(1, 24 - title.count - number.count)) + number + " ms"
                + (title == "attested" ? "  by \(attestation)" : "")
        }
        return (lines + ["\(commands) TPM commands"]).joined(separator: "\n")
    }
}

extension JSONValue {
    static func inStatus(_ text: String) throws(DemoFailure) -> JSONValue {
        do throws(JSONError) { return try JSONValue(parsing: text) } catch { throw .status("\(error): " + text) }
    }
}
