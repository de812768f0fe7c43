internal import BoundedBytes
internal import CLinux
internal import InitramfsRuntime
public import SNPABI
public import Secrets

/// A report as it came, with what came beside it. Nothing of it is verified.
public struct RawReport: Equatable, Sendable {
    /// ATTESTATION_REPORT, 1184 bytes.
    public let report: [UInt8]
    /// The host's table of certificates; empty where it gave none.
    public let certificateTable: [UInt8]
    /// What an SVSM vouches for with the report; empty where none made it.
    public let manifest: [UInt8]

    public init(report: [UInt8], certificateTable: [UInt8] = [], manifest: [UInt8] = []) {
        self.report = report
        self.certificateTable = certificateTable
        self.manifest = manifest
    }
}

/// A client of the secure processor, by requests that the kernel encrypts.
public struct SEVGuestDevice<Transport: GuestRequestTransport & ~Copyable>: ~Copyable {
    private let transport: Transport
    private let milliseconds: Int64

    /// Room for certificates in the first request: most hosts give the three of one chain, or none.
    private static var firstRoom: Int { 2 * pageByteCount }
    /// Linux takes no more than 16 KiB now.
    private static var mostRoom: UInt32 { 1 << 20 }
    private static var pageByteCount: Int { 4096 }

    /// - Parameter milliseconds: how long to go on while the kernel or the host says that it is busy. Linux itself goes on for
    ///   a minute.
    public init(_ transport: consuming Transport, milliseconds: Int64 = 90_000) {
        self.transport = transport
        self.milliseconds = milliseconds
    }

    /// MSG_REPORT_REQ.
    public func report(_ request: ReportRequest) throws(GuestDeviceError) -> RawReport {
        var none: [UInt8] = []
        var response = [UInt8](repeating: 0, count: ReportResponse.kernelByteCount)
        var span = response.mutableSpan
        _ = try send(.report, request.encoded(), into: &span, &none)
        return RawReport(report: try Self.report(in: response, .report))
    }

    /// MSG_REPORT_REQ by an extended request, for which the host gives its certificates, too.
    public func extendedReport(_ request: ReportRequest) throws(GuestDeviceError) -> RawReport {
        var room = Self.firstRoom
        // A host may change its mind, but not for ever.
        for _ in 0..<4 {
            var certificates = [UInt8](repeating: 0, count: room)
            var response = [UInt8](repeating: 0, count: ReportResponse.kernelByteCount)
            var span = response.mutableSpan
            if let needed = try send(.extendedReport, request.encoded(), into: &span, &certificates) {
                guard needed <= Self.mostRoom else { throw .certificatesTooLarge(needed) }
                room = (Int(needed) + Self.pageByteCount - 1) / Self.pageByteCount * Self.pageByteCount
                continue
            }
            // The kernel does not say how much of the room was used.
            let isEmpty = certificates.allSatisfy { $0 == 0 }
            return RawReport(
                report: try Self.report(in: response, .extendedReport), certificateTable: isEmpty ? [] : certificates)
        }
        throw .interference(transport.path)
    }

    /// MSG_KEY_REQ: 32 bytes that this chip derives for this guest, in the way that `request` says.
    public func derivedKey(_ request: KeyRequest) throws(GuestDeviceError) -> SecretBytes {
        guard request.messageVersion == 1 else { throw .keyRequestVersion(request.messageVersion) }
        let encoded = request.encoded()
        // The closure throws nothing: in Embedded Swift the compiler (6.3.1) fails at one that does.
        var failure: GuestDeviceError?
        let response = SecretBytes(count: KeyResponse.byteCount) { response in
            var none: [UInt8] = []
            do throws(GuestDeviceError) { _ = try send(.derivedKey, encoded, into: &response, &none) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return try checkedKey(in: response)
    }

    /// Sends it until it is through.
    ///
    /// - Returns: nil, or the room that the host's certificates take, where there was too little.
    private func send(
        _ kind: GuestDeviceError.Request, _ request: [UInt8], into response: inout MutableSpan<UInt8>,
        _ certificates: inout [UInt8]
    ) throws(GuestDeviceError) -> UInt32? {
        var pause = Pause(milliseconds: milliseconds)
        while true {
            let outcome = transport.exchange(kind, request, into: &response, certificates: &certificates)
            let hypervisor = UInt32(truncatingIfNeeded: outcome.exitInfo >> 32)
            switch outcome.errno {
            case 0: return nil
            case EIO
            where kind == .extendedReport && hypervisor == Self.roomTooSmall
                && outcome.certificateByteCount > UInt32(certificates.count):
                return outcome.certificateByteCount
            case EINTR, EAGAIN, EBUSY: if pause.wait() { continue }
            default: break
            }
            throw .request(
                kind, path: transport.path, errno: outcome.errno,
                firmware: FirmwareStatus(rawValue: UInt32(truncatingIfNeeded: outcome.exitInfo)),
                hypervisor: hypervisor)
        }
    }

    /// SNP_GUEST_VMM_ERR_INVALID_LEN of Linux.
    private static var roomTooSmall: UInt32 { 1 }

    private static func report(
        in response: [UInt8], _ kind: GuestDeviceError.Request
    ) throws(GuestDeviceError) -> [UInt8] {
        let response = try reading { () throws(SNPFormatError) in try ReportResponse(parsing: response) }
        guard response.status == .success else { throw .refused(kind, response.status) }
        return response.report
    }

    private static func reading<Value>(_ body: () throws(SNPFormatError) -> Value) throws(GuestDeviceError) -> Value {
        try rethrow(as: { (error: SNPFormatError) in GuestDeviceError.malformed(error) }, body)
    }
}

/// The key of a MSG_KEY_RSP, where its status is success. Not generic: in Embedded Swift the compiler (6.3.1) fails where a
/// closure in a generic type takes a noncopyable value with it.
private func checkedKey(in response: borrowing SecretBytes) throws(GuestDeviceError) -> SecretBytes {
    var head: [UInt8] = []
    for index in 0..<KeyResponse.keyRange.lowerBound { head.append(response.bytes[index]) }
    let status: FirmwareStatus
    do throws(SNPFormatError) { status = try KeyResponse.status(in: head) } catch { throw .malformed(error) }
    guard status == .success else { throw .refused(.derivedKey, status) }
    return SecretBytes(count: KeyResponse.keyRange.count) { key in
        for index in key.indices { key[index] = response.bytes[KeyResponse.keyRange.lowerBound + index] }
    }
}
