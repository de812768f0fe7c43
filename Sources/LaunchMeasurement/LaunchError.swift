public import Cryptography
public import SNPABI

/// Why a guest of that configuration cannot be launched, and so has no measurement.
public enum LaunchError: Error, Equatable, CustomStringConvertible {
    case format(SNPFormatError)
    case cryptography(CryptographyError)
    /// The firmware has no section for SEV-SNP, and QEMU refuses to start it.
    case noMetadata
    /// The firmware does not look at a hashes table, and would boot any kernel.
    case noKernelHashes
    /// The firmware does not say where virtual CPUs begin.
    case noResetBlock
    /// The image of the SVSM does not say where it begins.
    case noSVSMEntry
    case processorCount(Int)
    /// Two parts of the guest lie on the same memory.
    case overlap(UInt64)
    /// The host that is named cannot do it.
    case unsupported(String)

    public var description: String {
        switch self {
        case .format(let error): error.description
        case .cryptography(let error): error.description
        case .noMetadata: "the firmware has no SEV metadata: it does not start under SEV-SNP"
        case .noKernelHashes: "the firmware takes no SEV hashes table: it does not check the kernel"
        case .noResetBlock: "the firmware has no SEV-ES reset block"
        case .noSVSMEntry: "the SVSM has no entry point in its GUID table"
        case .processorCount(let count):
            "\(count) virtual CPUs; 1 to \(LaunchConfiguration.mostProcessors) are possible"
        case .overlap(let address): "two parts of the guest lie at 0x" + String(address, radix: 16)
        case .unsupported(let what): what
        }
    }
}
