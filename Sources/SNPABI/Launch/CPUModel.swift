/// A CPU model of QEMU by its name, such as `EPYC-Milan-v2`. All versions of a model have one CPUID signature.
///
/// Source: QEMU 10.1 `target/i386/cpu.c`, `builtin_x86_defs`: names, versions, family, model and stepping.
public struct CPUModel: Equatable, Sendable {
    public enum Series: String, CaseIterable, Sendable {
        case naples = "EPYC"
        /// What `EPYC-v2` was called before models had versions.
        case naplesIBPB = "EPYC-IBPB"
        case rome = "EPYC-Rome"
        case milan = "EPYC-Milan"
        case genoa = "EPYC-Genoa"
        case turin = "EPYC-Turin"

        /// The newest version; they begin with 1.
        public var versionCount: Int {
            switch self {
            case .naples, .rome: 5
            case .naplesIBPB: 0
            case .milan: 3
            case .genoa: 2
            case .turin: 1
            }
        }

        public var processor: ProcessorIdentity {
            switch self {
            case .naples, .naplesIBPB: ProcessorIdentity(family: 0x17, model: 0x01, stepping: 2)
            case .rome: ProcessorIdentity(family: 0x17, model: 0x31, stepping: 0)
            case .milan: ProcessorIdentity(family: 0x19, model: 0x01, stepping: 1)
            case .genoa: ProcessorIdentity(family: 0x19, model: 0x11, stepping: 0)
            case .turin: ProcessorIdentity(family: 0x1A, model: 0x00, stepping: 0)
            }
        }
    }

    public let series: Series
    /// nil for the name without a version, which the machine type resolves.
    public let version: Int?

    /// The model called `name`; nil where QEMU has none of that name with SEV.
    public init?(name: String) {
        for series in Series.allCases {
            let versions = [nil] + (0..<series.versionCount).map { Optional($0 + 1) }
            for version in versions where Self.name(series, version) == name {
                self.series = series
                self.version = version
                return
            }
        }
        return nil
    }

    public var name: String { Self.name(series, version) }
    public var processor: ProcessorIdentity { series.processor }

    private static func name(_ series: Series, _ version: Int?) -> String {
        guard let version else { return series.rawValue }
        return series.rawValue + "-v" + String(version)
    }
}

extension ProcessorIdentity {
    /// EAX of CPUID function 1: what RDX of a virtual CPU holds at reset.
    ///
    /// Source: AMD 25481, "CPUID Specification", function 0000_0001: families above 15 and the upper half of the model
    /// are extended fields.
    public var signature: UInt32 {
        let base = min(family, 0xF)
        return UInt32(family - base) << 20 | UInt32(model >> 4) << 16 | UInt32(base) << 8
            | UInt32(model & 0xF) << 4 | UInt32(stepping & 0xF)
    }

    /// The processor with that EAX of CPUID function 1.
    public init(signature: UInt32) {
        let base = UInt8(truncatingIfNeeded: signature >> 8) & 0xF
        let extended = UInt8(truncatingIfNeeded: signature >> 20)
        self.init(
            family: base == 0xF ? base &+ extended : base,
            model: UInt8(truncatingIfNeeded: signature >> 12) & 0xF0 | UInt8(truncatingIfNeeded: signature >> 4) & 0xF,
            stepping: UInt8(truncatingIfNeeded: signature) & 0xF)
    }
}
