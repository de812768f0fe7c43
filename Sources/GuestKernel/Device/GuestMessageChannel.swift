/// The way from a guest to the AMD-SP and back. It leads through the host: everything here is ciphertext, and the host
/// may answer whatever it likes. The host's attacks sit on this seam.
///
/// Source: AMD 56421 (GHCB), SNP Guest Request and SNP Extended Guest Request.
public protocol GuestMessageChannel: AnyObject {
    /// SNP Guest Request.
    ///
    /// - Parameter request: the request page, 4096 bytes.
    func exchange(_ request: [UInt8]) -> HypervisorAnswer

    /// SNP Extended Guest Request: as above, and the host's certificates.
    ///
    /// - Parameter certificatePages: room for the certificates, in pages of 4096 bytes.
    func exchange(_ request: [UInt8], certificatePages: Int) -> ExtendedAnswer
}

/// What a guest finds after the host has run a guest request.
public enum HypervisorAnswer: Equatable, Sendable {
    /// SW_EXITINFO2 is 0; the response page, 4096 bytes.
    case response([UInt8])
    /// SW_EXITINFO2, which is not 0.
    case failure(ExitInformation)
}

/// SW_EXITINFO2 of a guest request: the AMD-SP's status in the low 32 bits, the host's own in the high 32 bits.
public struct ExitInformation: Equatable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// A status of the AMD-SP.
    public init(firmware status: UInt32) { rawValue = UInt64(status) }

    /// The host wants more pages for its certificates.
    public static let invalidLength = ExitInformation(rawValue: 1 << 32)
    /// The host throttles its guests: once more, later.
    public static let busy = ExitInformation(rawValue: 2 << 32)
    /// The host cannot run the request. Source: KVM, SNP_GUEST_VMM_ERR_GENERIC.
    public static let hostError = ExitInformation(rawValue: 1 << 63)
    /// What Linux puts there before it calls: the AMD-SP has not been asked.
    public static let notCalled = ExitInformation(rawValue: 0xFF)
}

public struct ExtendedAnswer: Equatable, Sendable {
    public var answer: HypervisorAnswer
    /// What the host put into the pages for certificates: at most as many bytes as there was room for.
    public var certificates: [UInt8]
    /// RBX: with `.invalidLength`, as many pages as the host wants.
    public var pagesNeeded: UInt64

    public init(_ answer: HypervisorAnswer, certificates: [UInt8] = [], pagesNeeded: UInt64 = 0) {
        self.answer = answer
        self.certificates = certificates
        self.pagesNeeded = pagesNeeded
    }
}
