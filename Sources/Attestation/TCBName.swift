public import SNPABI

/// The TCBs that a report names.
public enum TCBName: String, Sendable, CaseIterable {
    case reported, committed, current, launch

    public func value(in report: AttestationReport) -> TCBVersion {
        switch self {
        case .reported: report.reportedTCB
        case .committed: report.committedTCB
        case .current: report.currentTCB
        case .launch: report.launchTCB
        }
    }
}

extension TCBComponents {
    /// The levels by the names that policies and messages use, in the order of AMD's documents; `fmc` from Turin on.
    public var named: [(name: String, level: UInt8)] {
        var levels: [(name: String, level: UInt8)] = [
            ("boot_loader", bootLoader), ("tee", tee), ("snp", snp), ("microcode", microcode),
        ]
        if let fmc { levels.insert(("fmc", fmc), at: 0) }
        return levels
    }
}

extension TCBVersion {
    /// Such as `boot_loader 4, tee 0, snp 24, microcode 219`.
    func named(for generation: ProcessorGeneration) -> String {
        components(for: generation).named.map { $0.name + " " + String($0.level) }.joined(separator: ", ")
    }
}
