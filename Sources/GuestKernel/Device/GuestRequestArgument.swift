internal import BoundedBytes
internal import FUSEMount
internal import SNPABI

/// `struct snp_guest_request_ioctl`: 32 bytes in the caller's memory, little-endian.
///
/// Source: Linux, `include/uapi/linux/sev-guest.h`.
struct GuestRequestArgument {
    static let byteCount = 32

    let caller: CallerMemory
    let address: UInt64
    private let bytes: [UInt8]
    let messageVersion: UInt8  // 0x00
    let requestAddress: UInt64  // 0x08
    let responseAddress: UInt64  // 0x10
    private static let exitInformationOffset = 0x18

    init(at address: UInt64, of caller: CallerMemory) throws(FileSystemFailure) {
        let bytes = try caller.read(Self.byteCount, at: address)
        self.bytes = bytes
        self.caller = caller
        self.address = address
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            messageVersion = try reader.integer()
            try reader.skip(to: 0x08)
            requestAddress = try reader.integer()
            responseAddress = try reader.integer()
        } catch { throw .badAddress }
    }

    /// Writes all of it back, with exitinfo2.
    func write(_ information: ExitInformation) throws(FileSystemFailure) {
        var writer = ByteWriter()
        writer.append(Array(bytes[..<Self.exitInformationOffset]))
        writer.littleEndian(information.rawValue)
        try caller.write(writer.bytes, at: address)
    }
}

/// `struct snp_ext_report_req`: 112 bytes.
struct ExtendedReportRequest {
    static let byteCount = 112
    /// SEV_FW_BLOB_MAX_SIZE, in bytes.
    static let mostCertificates: UInt32 = 0x4000
    private static let page: UInt32 = 4096

    private let bytes: [UInt8]
    let report: [UInt8]  // 0x00
    let certificatesAddress: UInt64  // 0x60
    private let certificatesLength: UInt32  // 0x68

    init(at address: UInt64, of caller: CallerMemory) throws(FileSystemFailure) {
        let bytes = try caller.read(Self.byteCount, at: address)
        self.bytes = bytes
        do throws(ByteError) {
            var reader = ByteReader(bytes.span)
            report = try reader.bytes(ReportRequest.byteCount)
            certificatesAddress = try reader.integer()
            certificatesLength = try reader.integer()
        } catch { throw .badAddress }
    }

    /// Room that the caller offers. With none the host is asked all the same, and names what it wants: so clients learn
    /// the size.
    var certificatePages: Int {
        get throws(FileSystemFailure) {
            guard certificatesLength != 0, certificatesAddress != 0 else { return 0 }
            guard certificatesLength <= Self.mostCertificates, certificatesLength % Self.page == 0 else {
                throw .invalid
            }
            // access_ok: no address of the kernel's half.
            guard certificatesAddress < 1 << 47, certificatesAddress + UInt64(certificatesLength) <= 1 << 47 else {
                throw .badAddress
            }
            return Int(certificatesLength / Self.page)
        }
    }

    /// Writes all of it back, with the length that the host wants.
    func write(pagesNeeded: UInt64, to argument: GuestRequestArgument) throws(FileSystemFailure) {
        var writer = ByteWriter()
        writer.append(Array(bytes[..<0x68]))
        // As Linux computes it, in 32 bits.
        writer.littleEndian(UInt32(truncatingIfNeeded: pagesNeeded) << 12)
        writer.append(Array(bytes[0x6C...]))
        try argument.caller.write(writer.bytes, at: argument.requestAddress)
    }
}
