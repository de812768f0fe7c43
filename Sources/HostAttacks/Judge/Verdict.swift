public import JSON

/// How an attack came out.
public struct Verdict: Sendable {
    public enum Ruling: String, Sendable {
        /// No key was released, with the right exit status and a reason that names the culprit.
        case held
        /// The attack got through, or was refused for another reason than its own.
        case broken
        /// The control did not get through, so that the refusal proves nothing.
        case unproven
    }

    public let attack: String
    public let mode: RunMode
    public let ruling: Ruling
    /// The exit status under the attack; nil where it was not tried.
    public let exitCode: Int32?
    /// One line: what was seen.
    public let detail: String
    public let milliseconds: Int64

    /// The verdict as `attack run --json` prints it.
    public var json: JSONValue {
        .object([
            JSONMember("name", .string(attack)), JSONMember("mode", .string(mode.rawValue)),
            JSONMember("verdict", .string(ruling.rawValue)),
            JSONMember("code", exitCode.map { .integer(Int64($0)) } ?? .null), JSONMember("detail", .string(detail)),
            JSONMember("milliseconds", .integer(milliseconds)),
        ])
    }
}
