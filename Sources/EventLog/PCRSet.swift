/// Some of the PCRs 0 to 23, as bits.
struct PCRSet: OptionSet {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ indices: ClosedRange<UInt32>) { self.init(rawValue: indices.reduce(0) { $0 | 1 << $1 }) }
    init(_ indices: UInt32...) { self.init(rawValue: indices.reduce(0) { $0 | 1 << $1 }) }

    func overlaps(_ other: PCRSet) -> Bool { !isDisjoint(with: other) }
}

extension EventLog {
    /// The PCRs that an event may belong to: one, or those that share a measurement register of TDX.
    ///
    /// Source: UEFI 2.10, section 38.4.1 (mapping of measurement registers for TDX).
    func pcrs(of event: Event) -> PCRSet {
        guard event.pcr < 24 else { return [] }
        guard isConfidentialComputingLog else { return PCRSet(event.pcr) }
        switch event.pcr {
        case 0: return PCRSet(0)
        case 1: return PCRSet(1, 7)
        case 2: return PCRSet(2...6)
        case 3: return PCRSet(8...15)
        default: return []
        }
    }
}

extension EventType {
    /// Where events of this type are written. An event elsewhere is not what it says.
    ///
    /// Source: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4 and 10.4.1, for the firmware; for PCR 8
    /// to 15 the boot loaders' own code and the Windows logs in our samples. nil: the type proves nothing anyway.
    var placement: PCRSet? {
        switch self {
        case .separator: [PCRSet(0...7), PCRSet(11...14)]
        case .action: PCRSet(2, 4, 5, 6)
        case .efiAction: PCRSet(1...7)
        case .crtmVersion, .hcrtm: PCRSet(0)
        case .variableDriverConfig: PCRSet(1, 3, 5, 7)
        case .variableBoot, .variableBoot2: PCRSet(1, 5)
        case .variableAuthority: PCRSet(7)
        case .gpt: PCRSet(5)
        case .bootServicesApplication: PCRSet(2, 4)
        case .bootServicesDriver: PCRSet(0, 2)
        case .runtimeServicesDriver: PCRSet(0, 2, 4)
        case .ipl: [PCRSet(4, 5), PCRSet(8...15)]
        default: nil
        }
    }
}
