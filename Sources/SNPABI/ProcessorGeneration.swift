/// The EPYC generations that have SEV-SNP, by the names of AMD's roots and of the KDS.
///
/// Bergamo and Siena are Genoa to both. Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", section 1.
public enum ProcessorGeneration: String, CaseIterable, Sendable, CustomStringConvertible {
    case milan = "Milan"
    case genoa = "Genoa"
    case turin = "Turin"

    /// By the combined family and model of CPUID function 1, as reports from version 3 on carry them; nil where no root
    /// of ours belongs to it.
    ///
    /// Source: AMD 56860, ATTESTATION_REPORT; the models are those of the real reports.
    public init?(family: UInt8, model: UInt8) {
        switch (family, model) {
        case (0x19, 0x00...0x0F): self = .milan
        case (0x19, 0x10...0x1F), (0x19, 0xA0...0xAF): self = .genoa
        case (0x1A, 0x00...0x1F): self = .turin
        default: return nil
        }
    }

    /// By the name in any case, as a command line has it.
    public init?(name: String) {
        switch name {
        case "milan", "Milan": self = .milan
        case "genoa", "Genoa": self = .genoa
        case "turin", "Turin": self = .turin
        default: return nil
        }
    }

    /// How many bytes of CHIP_ID say something; the rest are zero.
    public var chipIDByteCount: Int { self == .turin ? 8 : 64 }
    public var description: String { rawValue }
}
