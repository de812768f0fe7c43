/// What the processor does for a guest's memory. The raw values are those of `--protection`.
public enum MemoryProtection: String, Sendable, CaseIterable {
    case none
    /// Pages with the C-bit are encrypted under the guest's key.
    case sev
    /// As `sev`, and registers are encrypted while the guest does not run, with a check of their integrity.
    case sevES = "sev-es"
    /// As `sevES`, and the reverse map says whose page is where.
    case sevSNP = "sev-snp"

    public var isEncrypting: Bool { self != .none }
    public var hasEncryptedState: Bool { self == .sevES || self == .sevSNP }
    public var hasReverseMap: Bool { self == .sevSNP }
}
