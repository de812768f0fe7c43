public import BoundedBytes
public import Cryptography

/// What the guest asks the SVSM to attest, and where it wants the answers: 64 bytes, or 88 for one service,
/// little-endian. Addresses are guest physical, sizes in bytes.
///
/// Source: AMD 58019, attestation protocol, SVSM_ATTEST_SERVICES and SVSM_ATTEST_SINGLE_SERVICE.
public struct AttestationOperation: Equatable, Sendable {
    public static let nonceByteCount = 64
    /// More certificates than that nobody has room for.
    public static let mostCertificateBytes: UInt32 = 0x4000
    static let name = "attestation operation"

    public struct Buffer: Equatable, Sendable {
        public var address: UInt64
        public var byteCount: UInt32

        public init(address: UInt64, byteCount: UInt32) {
            self.address = address
            self.byteCount = byteCount
        }

        init(_ reader: inout ByteReader) throws(ByteError) {
            address = try reader.integer()
            byteCount = try reader.integer()
            try reader.reserved(4)
        }

        func write(_ writer: inout ByteWriter) {
            writer.littleEndian(address)
            writer.littleEndian(byteCount)
            writer.zeros(4)
        }
    }

    /// One service, and which form of its manifest.
    public struct Service: Equatable, Sendable {
        public var identifier: GUID
        public var manifestVersion: UInt32

        public init(_ identifier: GUID, manifestVersion: UInt32 = 0) {
            self.identifier = identifier
            self.manifestVersion = manifestVersion
        }
    }

    public var report: Buffer  // 0x00
    public var nonce: Buffer  // 0x10
    public var manifest: Buffer  // 0x20
    /// Of size 0 where none are wanted.
    public var certificates: Buffer  // 0x30
    /// nil for all services.
    public var service: Service?  // 0x40

    public init(report: Buffer, nonce: Buffer, manifest: Buffer, certificates: Buffer, service: Service? = nil) {
        self.report = report
        self.nonce = nonce
        self.manifest = manifest
        self.certificates = certificates
        self.service = service
    }

    /// How long it is for that call; nil where the call has none.
    public static func byteCount(of call: SVSMCall) -> Int? {
        switch call {
        case .attestServices: 0x40
        case .attestSingleService: 0x58
        default: nil
        }
    }

    /// Reads the operation of a call. Answers must go to whole pages, and the nonce must lie in one.
    public init(parsing bytes: [UInt8], call: SVSMCall) throws(SNPFormatError) {
        guard let expected = Self.byteCount(of: call) else {
            throw SNPFormatError(Self.name, .value(field: "call", call.rawValue))
        }
        try SNPFormatError.require(Self.name, bytes, count: expected)
        var reader = ByteReader(bytes.span)
        do throws(ByteError) {
            report = try Buffer(&reader)
            nonce = try Buffer(&reader)
            manifest = try Buffer(&reader)
            certificates = try Buffer(&reader)
            if call == .attestSingleService {
                service = Service(try reader.guid(), manifestVersion: try reader.integer())
                try reader.reserved(4)
            }
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        try check()
    }

    private func check() throws(SNPFormatError) {
        let page: UInt64 = 4096
        for (field, buffer) in [("report", report), ("manifest", manifest), ("certificates", certificates)] {
            let isInside = buffer.address.addingReportingOverflow(UInt64(buffer.byteCount)).overflow == false
            guard buffer.address.isMultiple(of: page), isInside else {
                throw SNPFormatError(Self.name, .range(field: field, buffer.address))
            }
        }
        guard nonce.byteCount == UInt32(Self.nonceByteCount) else {
            throw SNPFormatError(Self.name, .value(field: "nonce size", UInt64(nonce.byteCount)))
        }
        guard nonce.address % page <= page - UInt64(Self.nonceByteCount) else {
            throw SNPFormatError(Self.name, .range(field: "nonce", nonce.address))
        }
        guard certificates.byteCount <= Self.mostCertificateBytes else {
            throw SNPFormatError(Self.name, .value(field: "certificates size", UInt64(certificates.byteCount)))
        }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        for buffer in [report, nonce, manifest, certificates] { buffer.write(&writer) }
        if let service {
            writer.append(service.identifier.bytes)
            writer.littleEndian(service.manifestVersion)
            writer.zeros(4)
        }
        return writer.bytes
    }

    /// REPORT_DATA of the report that answers it: SHA-512 of the nonce and the manifest, 64 bytes.
    public static func reportData(nonce: [UInt8], manifest: [UInt8]) throws(CryptographyError) -> [UInt8] {
        try DigestAlgorithm.sha512.hash(nonce + manifest)
    }
}
