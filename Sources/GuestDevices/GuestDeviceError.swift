internal import CLinux
public import InitramfsRuntime
public import SNPABI

/// Why the kernel or the secure processor did not give what was asked for.
public enum GuestDeviceError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Request: String, Sendable {
        case report
        case extendedReport = "extended report"
        case derivedKey = "derived key"
    }

    case file(FileError)
    /// `ioctl(2)` failed. `firmware` and `hypervisor` are the two halves of exitinfo2, as the kernel left them; both are
    /// zero where it did not say.
    case request(Request, path: String, errno: Int32, firmware: FirmwareStatus, hypervisor: UInt32)
    /// The secure processor answered, and the answer is no.
    case refused(Request, FirmwareStatus)
    case malformed(SNPFormatError)
    /// The kernel wants more room for the host's certificates than any host needs.
    case certificatesTooLarge(UInt32)
    /// Linux takes version 1 of key requests only, which knows no launch mitigation vector.
    case keyRequestVersion(UInt8)
    /// Somebody else wrote into each session, or the kernel was busy, for as long as we were to wait.
    case interference(String)

    /// The kernel has no such device or attribute; another way to a report may be there.
    public var isMissing: Bool {
        switch self {
        case .file(let error): error.isMissing || error.isNoSuchFolder
        default: false
        }
    }

    /// The host is busy, or somebody else is at it: it may go better later.
    public var isTransient: Bool {
        switch self {
        case .interference: true
        case .file(let error): Self.isTransient(error.errno)
        case .request(_, _, let errno, _, _): Self.isTransient(errno)
        default: false
        }
    }

    private static func isTransient(_ errno: Int32) -> Bool {
        switch errno {
        case EINTR, EAGAIN, EBUSY, ETIMEDOUT: true
        default: false
        }
    }

    /// The way to the secure processor is there, and what came along it is not to be used: a message that the processor
    /// did not make, a request that it did not take, or no key since then. A host that lets both alone causes none of it.
    public var isDisturbed: Bool {
        switch self {
        case .file(let error): Self.isDisturbed(error.errno)
        case .request(_, _, let errno, _, _): Self.isDisturbed(errno)
        default: false
        }
    }

    private static func isDisturbed(_ errno: Int32) -> Bool {
        switch errno {
        case EBADMSG, EIO, ENOTTY: true
        default: false
        }
    }

    public var isMalformed: Bool {
        switch self {
        case .malformed, .certificatesTooLarge: true
        case .file(let error): error.operation == .limit
        default: false
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .request(let request, let path, let errno, let firmware, let hypervisor):
            path + ": " + request.rawValue + ": " + describeErrno(errno) + Self.cause(firmware, hypervisor)
                // The kernel then drops the key that it shares with the secure processor, for the rest of the boot.
                + (errno == 25 ? ": the kernel has no key for guest messages, or has dropped it after a failure" : "")
        case .refused(let request, let status):
            request.rawValue + ": the secure processor refuses it: " + status.description
        case .malformed(let error): error.description
        case .certificatesTooLarge(let count): "the host's certificates would take " + String(count) + " bytes"
        case .keyRequestVersion(let version):
            "derived key: the kernel takes requests of version 1, not " + String(version)
        case .interference(let path): path + ": busy, or changed by somebody else, for too long"
        }
    }

    private static func cause(_ firmware: FirmwareStatus, _ hypervisor: UInt32) -> String {
        var text = ""
        // 0xFF: the firmware never ran.
        if firmware.rawValue != 0, firmware.rawValue != 0xFF { text += ", firmware " + firmware.description }
        if hypervisor != 0 { text += ", hypervisor " + String(hypervisor) }
        return text
    }
}

extension FileError {
    /// A folder that was to be made lies in none.
    fileprivate var isNoSuchFolder: Bool { operation == .create && errno == 2 }
}
