internal import BoundedBytes
internal import SNPABI

/// A guest request on its way to the AMD-SP. Body: kind (u8: 1 SNP Guest Request, 2 SNP Extended Guest Request), pages
/// for certificates (u32; 0 for kind 1), the request page (4096 bytes); little-endian.
///
/// Source of what it carries: AMD 56421 (GHCB), SNP Guest Request and SNP Extended Guest Request.
public struct GuestRequestMessage: Equatable, Sendable {
    /// Most pages of 4096 bytes that a guest has for certificates: Linux's SEV_FW_BLOB_MAX_SIZE.
    public static let mostCertificatePages = Int(AttestationOperation.mostCertificateBytes) / pageByteCount
    static let pageByteCount = GuestMessageHeader.pageByteCount
    private static let name = "guest request"

    /// 4096 bytes.
    public let page: [UInt8]
    /// nil for a request without certificates.
    public let certificatePages: Int?

    /// - Parameters:
    ///   - page: 4096 bytes.
    ///   - certificatePages: at most `mostCertificatePages`.
    public init(page: [UInt8], certificatePages: Int? = nil) {
        precondition(page.count == Self.pageByteCount)
        precondition((0...Self.mostCertificatePages).contains(certificatePages ?? 0))
        self.page = page
        self.certificatePages = certificatePages
    }

    private enum Kind: UInt8 {
        case plain = 1
        case extended = 2
    }

    public init(parsing body: [UInt8]) throws(LinkError) {
        let (kind, pages, page): (UInt8, UInt32, [UInt8])
        do throws(ByteError) {
            var reader = ByteReader(body.span)
            (kind, pages) = (try reader.integer(), try reader.integer())
            page = try reader.bytes(Self.pageByteCount)
            try reader.finish()
        } catch { throw .bytes(message: Self.name, error) }
        guard let known = Kind(rawValue: kind) else {
            throw .value(message: Self.name, field: "kind", UInt64(kind))
        }
        let most = known == .extended ? Self.mostCertificatePages : 0
        try LinkError.require(Self.name, "pages for certificates", pages, atMost: most)
        self.page = page
        certificatePages = known == .extended ? Int(pages) : nil
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append([(certificatePages == nil ? Kind.plain : .extended).rawValue])
        writer.littleEndian(UInt32(certificatePages ?? 0))
        writer.append(page)
        return writer.bytes
    }
}

/// What the host answers. Body: SW_EXITINFO2 (u64), pages that the host wants for its certificates (u64), the size of
/// the certificates (u32) and they themselves, and where SW_EXITINFO2 is 0 the response page (4096 bytes); little-endian.
public struct GuestRequestAnswer: Equatable, Sendable {
    private static let name = "answer to a guest request"

    /// SW_EXITINFO2.
    public let exitInformation: UInt64
    /// RBX.
    public let pagesNeeded: UInt64
    /// At most 16 KiB.
    public let certificates: [UInt8]
    /// 4096 bytes; empty where SW_EXITINFO2 is not 0.
    public let page: [UInt8]

    /// The AMD-SP's answer.
    public init(page: [UInt8], certificates: [UInt8] = [], pagesNeeded: UInt64 = 0) {
        precondition(page.count == GuestRequestMessage.pageByteCount)
        self.init(exitInformation: 0, pagesNeeded, certificates, page)
    }

    /// - Parameter exitInformation: not 0.
    public init(exitInformation: UInt64, certificates: [UInt8] = [], pagesNeeded: UInt64 = 0) {
        precondition(exitInformation != 0)
        self.init(exitInformation: exitInformation, pagesNeeded, certificates, [])
    }

    private init(exitInformation: UInt64, _ pagesNeeded: UInt64, _ certificates: [UInt8], _ page: [UInt8]) {
        precondition(certificates.count <= Int(AttestationOperation.mostCertificateBytes))
        self.exitInformation = exitInformation
        self.pagesNeeded = pagesNeeded
        self.certificates = certificates
        self.page = page
    }

    public init(parsing body: [UInt8]) throws(LinkError) {
        let (information, pages): (UInt64, UInt64)
        let (certificates, page): ([UInt8], [UInt8])
        do throws(ByteError) {
            var reader = ByteReader(body.span)
            (information, pages) = (try reader.integer(), try reader.integer())
            certificates = try reader.bytes(Int(try reader.integer(UInt32.self)))
            page = try reader.bytes(information == 0 ? GuestRequestMessage.pageByteCount : 0)
            try reader.finish()
        } catch { throw .bytes(message: Self.name, error) }
        let most = Int(AttestationOperation.mostCertificateBytes)
        try LinkError.require(Self.name, "size of the certificates", UInt(certificates.count), atMost: most)
        self.init(exitInformation: information, pages, certificates, page)
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(exitInformation)
        writer.littleEndian(pagesNeeded)
        writer.littleEndian(UInt32(certificates.count))
        writer.append(certificates)
        writer.append(page)
        return writer.bytes
    }
}
