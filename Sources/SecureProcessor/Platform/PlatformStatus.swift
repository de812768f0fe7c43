internal import BoundedBytes
internal import SNPABI

/// What SNP_PLATFORM_STATUS answers: 32 bytes, little-endian.
///
/// Source: AMD 56860, SNP_PLATFORM_STATUS; Linux `include/uapi/linux/psp-sev.h`, struct sev_user_data_snp_status.
public struct PlatformStatus: Equatable, Sendable {
    public static let byteCount = 32

    public let platform: PlatformState
    public let isVLEKLoaded: Bool
    public let guestCount: UInt32

    public func encoded() -> [UInt8] {
        let flags: [(Bool, UInt32)] = [
            (platform.isChipIDMasked, 1 << 0), (platform.isChipKeyMasked, 1 << 1), (isVLEKLoaded, 1 << 2),
            (platform.information.has(.raplDisabled), 1 << 4), (platform.information.has(.ciphertextHiding), 1 << 6),
            (platform.information.has(.tio), 1 << 7),
        ]
        var writer = ByteWriter()
        // State 1 is INIT; the RMP is initialised.
        writer.append([platform.currentFirmware.major, platform.currentFirmware.minor, 1, 1])
        writer.littleEndian(UInt32(platform.currentFirmware.build))
        writer.littleEndian(flags.reduce(0) { $1.0 ? $0 | $1.1 : $0 })
        writer.littleEndian(guestCount)
        writer.littleEndian(platform.currentTCB.rawValue)
        writer.littleEndian(platform.reportedTCB.rawValue)
        return writer.bytes
    }
}
