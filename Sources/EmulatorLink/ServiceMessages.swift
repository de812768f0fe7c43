public import BoundedBytes
internal import SNPABI

/// What the guest's kernel asks its SVSM. Body: 1 for "attest" (u8), the nonce (64 bytes), whether one service is named
/// (u8, 0 or 1), its GUID (16 bytes in disk order; zeros for none), the version of its manifest (u32, little-endian).
///
/// Source of what it carries: AMD 58019, SVSM_ATTEST_SERVICES and SVSM_ATTEST_SINGLE_SERVICE.
public struct ServiceMessage: Equatable, Sendable {
    private static let name = "question to the SVSM"
    private static let attest: UInt8 = 1

    /// 64 bytes.
    public let nonce: [UInt8]
    /// nil for all services.
    public let service: GUID?
    public let manifestVersion: UInt32

    /// - Parameter nonce: 64 bytes.
    public init(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) {
        precondition(nonce.count == AttestationOperation.nonceByteCount)
        self.nonce = nonce
        self.service = service
        self.manifestVersion = manifestVersion
    }

    public init(parsing body: [UInt8]) throws(LinkError) {
        let (call, isNamed, version): (UInt8, UInt8, UInt32)
        let nonce: [UInt8]
        var service: GUID?
        do throws(ByteError) {
            var reader = ByteReader(body.span)
            call = try reader.integer()
            nonce = try reader.bytes(AttestationOperation.nonceByteCount)
            isNamed = try reader.integer()
            if isNamed == 0 { try reader.reserved(GUID.zero.bytes.count) } else { service = try reader.guid() }
            version = try reader.integer()
            try reader.finish()
        } catch { throw .bytes(message: Self.name, error) }
        guard call == Self.attest else { throw .value(message: Self.name, field: "call", UInt64(call)) }
        try LinkError.require(Self.name, "whether a service is named", isNamed, atMost: 1)
        self.init(nonce: nonce, service: service, manifestVersion: version)
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.append([Self.attest])
        writer.append(nonce)
        writer.append([service == nil ? 0 : 1])
        writer.append((service ?? .zero).bytes)
        writer.littleEndian(manifestVersion)
        return writer.bytes
    }
}

/// What the SVSM answers. Body: whether its result is success (u8, 0 or 1); for success the report, the manifest and the
/// certificate table, each after its size (u32, little-endian).
public enum ServiceAnswer: Equatable, Sendable {
    /// The SVSM's result is not success.
    case refused
    /// - report: not more than a page.
    /// - manifest: not more than `ServiceAnswer.longestManifest` bytes.
    /// - certificates: not more than 16 KiB; empty where the host has none.
    case evidence(report: [UInt8], manifest: [UInt8], certificates: [UInt8])

    /// Far more than any manifest of a TPM has.
    public static let longestManifest = 0x4000
    private static let name = "answer of the SVSM"
    private static let limits = [
        ("size of the report", GuestMessageHeader.pageByteCount), ("size of the manifest", longestManifest),
        ("size of the certificates", Int(AttestationOperation.mostCertificateBytes)),
    ]

    public init(parsing body: [UInt8]) throws(LinkError) {
        let success: UInt8
        var parts: [[UInt8]] = []
        do throws(ByteError) {
            var reader = ByteReader(body.span)
            success = try reader.integer()
            for _ in Self.limits where success != 0 {
                parts.append(try reader.bytes(Int(try reader.integer(UInt32.self))))
            }
            try reader.finish()
        } catch { throw .bytes(message: Self.name, error) }
        try LinkError.require(Self.name, "success", success, atMost: 1)
        for (part, (field, most)) in zip(parts, Self.limits) {
            try LinkError.require(Self.name, field, UInt(part.count), atMost: most)
        }
        self = parts.isEmpty ? .refused : .evidence(report: parts[0], manifest: parts[1], certificates: parts[2])
    }

    /// Parts that are longer than they may be are the caller's mistake.
    public func encoded() -> [UInt8] {
        guard case .evidence(let report, let manifest, let certificates) = self else { return [0] }
        var writer = ByteWriter()
        writer.append([1])
        for (part, (_, most)) in zip([report, manifest, certificates], Self.limits) {
            precondition(part.count <= most)
            writer.littleEndian(UInt32(part.count))
            writer.append(part)
        }
        return writer.bytes
    }
}
