/// What one rule of a policy says to a report.
public struct Finding: Equatable, Sendable {
    /// The rule, by the path that it has in the policy file.
    public let rule: String
    public let isMet: Bool
    /// What the policy accepts, and what the report has, in words or digits, on one line.
    public let expected: String
    public let found: String

    public init(_ rule: String, isMet: Bool, expected: String, found: String) {
        self.rule = rule
        self.isMet = isMet
        self.expected = expected
        self.found = found
    }

    /// Why it is not met.
    public var reason: String { rule + ": expected " + expected + ", found " + found }
}
