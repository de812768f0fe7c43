/// Whether a revocation list of the root must be at hand. One that is given is always applied.
public enum RevocationDemand: String, Sendable, CaseIterable {
    /// One that is valid at the time of the check.
    case fresh
    /// One of any age.
    case any
    case optional
}

/// What was known about revocations.
public enum RevocationState: Equatable, Sendable {
    case notChecked
    /// By a list that is valid until then, in seconds since 1970.
    case fresh(until: Int64)
    /// By one that was valid until then; nil where it does not say.
    case stale(since: Int64?)
}
