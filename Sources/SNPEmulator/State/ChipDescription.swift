internal import SNPABI
public import SecureProcessor

/// chip.json of a state folder: all that is no secret.
public struct ChipDescription: Equatable, Sendable {
    static let version: Int64 = 1

    /// CHIP_ID without padding.
    public let chipID: [UInt8]
    /// When the certificates of the authorities were issued, in seconds since 1970.
    public let issued: Int64
    public var platform: PlatformState
    /// cspID of the VLEK.
    public let provider: String
    /// Whether the VLEK is loaded into the processor: it signs then, unless the guest says otherwise.
    public var isVLEKLoaded = false
    /// Number of the revocation list, when it was issued, and whom it lists.
    public var listNumber: Int64 = 1
    public var listIssued: Int64
    public var revoked: [CertificateAuthority.Member] = []
    /// When the certificates of VCEK and VLEK were issued.
    public var endorsementIssued: Int64
    /// SHA-256 of those certificates that change, by file name: a change that was interrupted is found by it.
    var certificates: [CertificateFile: [UInt8]] = [:]

    init(chipID: [UInt8], platform: PlatformState, provider: String, issued: Int64) {
        self.chipID = chipID
        self.platform = platform
        self.provider = provider
        self.issued = issued
        listIssued = issued
        endorsementIssued = issued
    }
}

/// The certificates that follow from chip.json, by their names in the folder `certs`.
enum CertificateFile: String, CaseIterable, Sendable {
    case vcek = "vcek.der"
    case vlek = "vlek.der"
    case revocationList = "crl.der"
}
