public import Cryptography

/// The launch digest: SHA-384 over the PAGE_INFO of page after page, beginning with zeros. MEASUREMENT of reports.
///
/// Source: AMD 56860, SNP_LAUNCH_UPDATE. A 2 MiB page is measured as its 512 pages of 4 KiB.
public struct LaunchDigest: Equatable, Sendable {
    public static let byteCount = 48
    /// Where hosts on KVM say that a save area lies, whatever its virtual CPU.
    public static let vmsaAddress: UInt64 = 0xFFFF_FFFF_F000

    public private(set) var bytes: [UInt8]

    /// Before the first page.
    public init() { bytes = Self.zeros }

    /// After pages that others have measured.
    public init(resuming bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require("launch digest", bytes, count: Self.byteCount)
        self.bytes = bytes
    }

    /// Measures pages in the order of their addresses.
    public mutating func update(_ pages: LaunchPages) throws(CryptographyError) {
        let size = LaunchPages.pageByteCount
        for index in 0..<pages.pageCount {
            var contents = Self.zeros
            if pages.type.hasMeasuredContents, let bytes = pages.bytes {
                contents = try DigestAlgorithm.sha384.hash(bytes[index * size..<(index + 1) * size])
            }
            let info = PageInfo(
                digest: bytes, contents: contents, type: pages.type, permissions: pages.permissions,
                address: pages.address + UInt64(index * size))
            bytes = try DigestAlgorithm.sha384.hash(info.encoded())
        }
    }

    private static var zeros: [UInt8] { [UInt8](repeating: 0, count: byteCount) }
}
