internal import CLinux
internal import InitramfsRuntime

/// How one request to the secure processor ended, as the kernel tells it.
public struct GuestRequestOutcome: Sendable {
    /// 0, or the error number of `ioctl(2)`.
    public var errno: Int32
    /// The firmware's status in the lower half, the hypervisor's error in the upper.
    public var exitInfo: UInt64
    /// What an extended request would need room for, in bytes; else the room that it had.
    public var certificateByteCount: UInt32

    public init(errno: Int32, exitInfo: UInt64 = 0, certificateByteCount: UInt32 = 0) {
        self.errno = errno
        self.exitInfo = exitInfo
        self.certificateByteCount = certificateByteCount
    }
}

/// What carries a request to the secure processor and its answer back.
public protocol GuestRequestTransport: ~Copyable {
    /// For messages.
    var path: String { get }

    /// One request, once.
    ///
    /// - Parameters:
    ///   - request: MSG_REPORT_REQ or MSG_KEY_REQ.
    ///   - response: 4000 bytes for a report, 64 for a key; the secret goes nowhere else.
    ///   - certificates: room for the host's table, whole pages, or nothing.
    func exchange(
        _ kind: GuestDeviceError.Request, _ request: [UInt8], into response: inout MutableSpan<UInt8>,
        certificates: inout [UInt8]
    ) -> GuestRequestOutcome
}

/// `/dev/sev-guest`. Source: Linux `include/uapi/linux/sev-guest.h`, `Documentation/virt/coco/sev-guest.rst`.
public struct SEVGuestFile: GuestRequestTransport, ~Copyable {
    public static let defaultPath = "/dev/sev-guest"

    private let file: FileDescriptor
    public var path: String { file.path }

    public static func open(_ path: String = defaultPath) throws(GuestDeviceError) -> SEVGuestFile {
        do throws(FileError) { return SEVGuestFile(file: try .open(updatingAt: path)) } catch { throw .file(error) }
    }

    public func exchange(
        _ kind: GuestDeviceError.Request, _ request: [UInt8], into response: inout MutableSpan<UInt8>,
        certificates: inout [UInt8]
    ) -> GuestRequestOutcome {
        var (exitInfo, count) = (UInt64(0), UInt32(certificates.count))
        let code = unsafe response.withUnsafeMutableBytes { response in
            switch kind {
            case .report: unsafe shim_sev_report(file.rawValue, request, response.baseAddress, &exitInfo)
            case .derivedKey: unsafe shim_sev_derived_key(file.rawValue, request, response.baseAddress, &exitInfo)
            case .extendedReport:
                unsafe shim_sev_extended_report(
                    file.rawValue, request, &certificates, &count, response.baseAddress, &exitInfo)
            }
        }
        return GuestRequestOutcome(errno: code, exitInfo: exitInfo, certificateByteCount: count)
    }
}
