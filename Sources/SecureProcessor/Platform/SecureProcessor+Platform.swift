public import SNPABI

/// What the host asks about the platform, and changes about it.
extension SecureProcessor {
    /// SNP_PLATFORM_STATUS.
    public var platformStatus: PlatformStatus {
        PlatformStatus(platform: platform, isVLEKLoaded: vlek != nil, guestCount: guestCount)
    }

    /// DOWNLOAD_FIRMWARE_EX; guests run on. Throws as `PlatformState.install`.
    public func install(_ firmware: FirmwareVersion, tcb: TCBVersion) throws(FirmwareStatus) {
        try platform.install(firmware, tcb: tcb)
    }

    /// SNP_COMMIT.
    public func commit() { platform.commit() }

    /// SNP_CONFIG. Throws as `PlatformState.configure`.
    public func configure(
        reportedTCB: TCBVersion, isChipIDMasked: Bool, isChipKeyMasked: Bool
    ) throws(FirmwareStatus) {
        try platform.configure(
            reportedTCB: reportedTCB, isChipIDMasked: isChipIDMasked, isChipKeyMasked: isChipKeyMasked)
    }

    /// SNP_VLEK_LOAD. From now on it signs where a guest leaves the choice.
    public func loadVLEK(_ key: LoadedEndorsementKey) { vlek = key }
}
