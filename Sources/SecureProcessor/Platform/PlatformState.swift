public import SNPABI

/// What a host can change about a platform, and what stays across resets: levels, versions, configuration.
///
/// Source: AMD 56860, sections on TCB versions, SNP_COMMIT, SNP_CONFIG, DOWNLOAD_FIRMWARE_EX.
public struct PlatformState: Equatable, Sendable {
    public let generation: ProcessorGeneration
    public var currentFirmware: FirmwareVersion
    public var committedFirmware: FirmwareVersion
    public var currentTCB: TCBVersion
    public var committedTCB: TCBVersion
    /// What the VCEK and the VLEK are derived for; never above the committed one.
    public var reportedTCB: TCBVersion
    public var information: PlatformInfo
    public var isChipIDMasked = false
    public var isChipKeyMasked = false
    /// CURRENT_MIT_VECTOR of reports from version 5 on.
    public var mitigations: UInt64 = 1
    public var socketCount = 1
    /// Frequency of the time stamp counter, in kHz.
    public var nominalTSC: UInt32 = 2_000_000

    /// A platform on which nothing is to be committed.
    public init(
        _ generation: ProcessorGeneration, firmware: FirmwareVersion, tcb: TCBVersion, information: PlatformInfo
    ) {
        self.generation = generation
        currentFirmware = firmware
        committedFirmware = firmware
        currentTCB = tcb
        committedTCB = tcb
        reportedTCB = tcb
        self.information = information
    }

    /// A platform as real reports show one of that generation: SMT on, ECC, aliases checked.
    public init(_ generation: ProcessorGeneration) {
        let (build, tcb): (UInt8, TCBComponents) =
            switch generation {
            case .milan: (35, TCBComponents(bootLoader: 4, tee: 0, snp: 24, microcode: 219))
            case .genoa: (43, TCBComponents(bootLoader: 10, tee: 0, snp: 25, microcode: 84))
            case .turin: (61, TCBComponents(fmc: 0, bootLoader: 1, tee: 0, snp: 2, microcode: 71))
            }
        let flags: [PlatformInfo.Flag] = [.smt, .ecc, .aliasCheckComplete]
        self.init(
            generation, firmware: FirmwareVersion(major: 1, minor: 55, build: build),
            tcb: TCBVersion(tcb, for: generation),
            information: PlatformInfo(rawValue: flags.reduce(0) { $0 | $1.mask }))
    }

    /// Whether nothing but the components of this generation is set.
    public func isWellFormed(_ tcb: TCBVersion) -> Bool {
        TCBVersion(tcb.components(for: generation), for: generation) == tcb
    }

    /// Runs another firmware, newer or older, but none below the committed one. What is reported stays.
    ///
    /// - Throws: BAD_SVN where a component of the TCB is below the committed one, BAD_VERSION where the version is,
    ///   INVALID_PARAM where the TCB has components that the generation does not.
    public mutating func install(_ firmware: FirmwareVersion, tcb: TCBVersion) throws(FirmwareStatus) {
        guard isWellFormed(tcb) else { throw .invalidParameter }
        guard tcb.isAtLeast(committedTCB) else { throw .badSVN }
        guard firmware.isAtLeast(committedFirmware) else { throw .badVersion }
        currentFirmware = firmware
        currentTCB = tcb
    }

    /// SNP_COMMIT: gives up all that is older than what runs now, and reports that.
    public mutating func commit() {
        committedFirmware = currentFirmware
        committedTCB = currentTCB
        reportedTCB = currentTCB
    }

    /// SNP_CONFIG.
    ///
    /// - Parameter reportedTCB: zero for the committed one.
    /// - Throws: INVALID_PARAM where a component is above the committed one.
    public mutating func configure(
        reportedTCB: TCBVersion, isChipIDMasked: Bool, isChipKeyMasked: Bool
    ) throws(FirmwareStatus) {
        let reported = reportedTCB.rawValue == 0 ? committedTCB : reportedTCB
        guard isWellFormed(reported), committedTCB.isAtLeast(reported) else { throw .invalidParameter }
        self.reportedTCB = reported
        self.isChipIDMasked = isChipIDMasked
        self.isChipKeyMasked = isChipKeyMasked
    }

    /// VERSION of the reports that the firmware makes. Borders are those of real reports: 1.52 wrote 2, 1.55.29 wrote 3,
    /// 1.55.35 and later 5.
    var reportVersion: UInt32 {
        if !currentFirmware.isAtLeast(FirmwareVersion(major: 1, minor: 55, build: 0)) { return 2 }
        return currentFirmware.isAtLeast(FirmwareVersion(major: 1, minor: 55, build: 35)) ? 5 : 3
    }

    /// Family, model and stepping of the generation's real chips.
    var processor: ProcessorIdentity {
        switch generation {
        case .milan: ProcessorIdentity(family: 0x19, model: 0x01, stepping: 1)
        case .genoa: ProcessorIdentity(family: 0x19, model: 0x11, stepping: 1)
        case .turin: ProcessorIdentity(family: 0x1A, model: 0x02, stepping: 1)
        }
    }
}

extension FirmwareVersion {
    /// By major, then minor number, then build.
    func isAtLeast(_ other: FirmwareVersion) -> Bool {
        (major, minor, build) >= (other.major, other.minor, other.build)
    }
}
