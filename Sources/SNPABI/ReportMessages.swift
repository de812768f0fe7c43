internal import BoundedBytes

/// KEY_SEL of report and key requests: which of the chip's keys is meant.
public enum SigningKeySelection: UInt32, Sendable {
    /// The VLEK where one is loaded, else the VCEK.
    case automatic = 0
    case vcek = 1
    case vlek = 2
}

/// MSG_REPORT_REQ, version 1: 96 bytes. Linux takes the same from its callers, `struct snp_report_req`.
///
/// Source: AMD 56860, "Attestation", table MSG_REPORT_REQ.
public struct ReportRequest: Equatable, Sendable {
    public static let byteCount = 0x60
    static let name = "MSG_REPORT_REQ"

    public var reportData: [UInt8]  // 0x00
    public var vmpl: UInt32  // 0x40
    public var keySelection: SigningKeySelection  // 0x44

    /// - Parameter reportData: 64 bytes.
    public init(reportData: [UInt8], vmpl: UInt32, keySelection: SigningKeySelection = .automatic) {
        self.reportData = reportData
        self.vmpl = vmpl
        self.keySelection = keySelection
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let selection: UInt32
        do throws(ByteError) {
            reportData = try reader.bytes(64)
            vmpl = try reader.integer()
            selection = try reader.integer()
            try reader.reserved(Self.byteCount - reader.offset)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard let known = SigningKeySelection(rawValue: selection) else {
            throw SNPFormatError(Self.name, .value(field: "KEY_SEL", UInt64(selection)))
        }
        keySelection = known
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(reportData, 64)
        writer.littleEndian(vmpl)
        writer.littleEndian(keySelection.rawValue)
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }
}

/// MSG_REPORT_RSP: a status, and a report where it is success. 1216 bytes; the kernel hands out 4000.
///
/// Source: AMD 56860, "Attestation", table MSG_REPORT_RSP.
public struct ReportResponse: Equatable, Sendable {
    public static let byteCount = 0x20 + AttestationReport.byteCount
    /// `struct snp_report_resp` of Linux.
    public static let kernelByteCount = 4000
    static let name = "MSG_REPORT_RSP"

    public var status: FirmwareStatus  // 0x00
    /// The report's bytes, not yet read; empty where there is none.
    public var report: [UInt8]  // 0x20, its size at 0x04

    public init(status: FirmwareStatus, report: [UInt8]) {
        self.status = status
        self.report = report
    }

    /// Reads the message, or more bytes with it at the beginning.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(bytes.span)
        let size: UInt32
        do throws(ByteError) {
            status = FirmwareStatus(rawValue: try reader.integer())
            size = try reader.integer()
            try reader.reserved(24)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard size <= UInt32(reader.remaining) else {
            throw SNPFormatError(Self.name, .range(field: "REPORT_SIZE", UInt64(size)))
        }
        guard status != .success || size == UInt32(AttestationReport.byteCount) else {
            throw SNPFormatError(Self.name, .value(field: "REPORT_SIZE", UInt64(size)))
        }
        report = status == .success ? Array(bytes[reader.offset..<reader.offset + Int(size)]) : []
    }

    /// 1216 bytes; without a report they are zero.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(status.rawValue)
        writer.littleEndian(UInt32(report.count))
        writer.zeros(24)
        writer.append(report)
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }
}
