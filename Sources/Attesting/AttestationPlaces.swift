internal import GuestDevices

/// Where a guest has what it attests with.
public struct AttestationPlaces: Equatable, Sendable {
    /// Certificates and revocation lists, for hosts that hand out none; copied into the initramfs.
    public static let defaultCertificates = "/etc/sealroot/certs"

    public var certificates = defaultCertificates
    public var sevGuest = SEVGuestFile.defaultPath
    public var tsmReports = TSMReports<KernelFiles>.defaultFolder

    public init() {}
}
