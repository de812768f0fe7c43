internal import BoundedBytes
internal import CLinux
internal import InitramfsRuntime
internal import SNPABI

/// What configfs-tsm is asked for.
public struct TSMRequest: Equatable, Sendable {
    /// What an SVSM is to vouch for.
    public struct Service: Equatable, Sendable {
        /// `svsm`, the only one that Linux knows.
        public var provider: String
        /// As text; nil for all services in one manifest.
        public var guid: String?
        public var manifestVersion: UInt32

        public init(provider: String, guid: String?, manifestVersion: UInt32 = 0) {
            self.provider = provider
            self.guid = guid
            self.manifestVersion = manifestVersion
        }
    }

    /// 64 bytes: REPORT_DATA, or with a service the nonce that is hashed into it.
    public var input: [UInt8]
    /// VMPL; nil is the kernel's own, the most privileged that it may ask for.
    public var privilegeLevel: Int?
    public var service: Service?

    public init(input: [UInt8], privilegeLevel: Int? = nil, service: Service? = nil) {
        self.input = input
        self.privilegeLevel = privilegeLevel
        self.service = service
    }

    /// Attribute names and what is written there, in an order that leaves nothing out where one fails.
    fileprivate var attributes: [(name: String, bytes: [UInt8])] {
        var list: [(name: String, bytes: [UInt8])] = []
        if let service {
            list.append(("service_provider", Array(service.provider.utf8)))
            if let guid = service.guid { list.append(("service_guid", Array(guid.utf8))) }
            list.append(("service_manifest_version", Array(String(service.manifestVersion).utf8)))
        }
        if let privilegeLevel { list.append(("privlevel", Array(String(privilegeLevel).utf8))) }
        list.append(("inblob", input))
        return list
    }
}

/// Reports by the kernel's configfs.
///
/// Source: Linux `Documentation/ABI/testing/configfs-tsm-report`, `drivers/virt/coco/guest/report.c`.
public struct TSMReports<Files: AttributeFiles> {
    /// Where the kernel has it. One cannot give it another name; tests do.
    public static var defaultFolder: String { "/sys/kernel/config/tsm/report" }
    /// The kernel's own limits, from 32 KiB on; nobody has needed more.
    private static var longestBlob: Int { 1 << 17 }

    private let folder: String
    private let files: Files
    private let milliseconds: Int64

    /// - Parameter milliseconds: how long to go on where the kernel is busy or others interfere.
    public init(folder: String, files: Files, milliseconds: Int64 = 90_000) {
        self.folder = folder
        self.files = files
        self.milliseconds = milliseconds
    }

    public func report(_ request: TSMRequest) throws(GuestDeviceError) -> RawReport {
        var pause = Pause(milliseconds: milliseconds)
        while true {
            var found: RawReport?
            do throws(FileError) { found = try attempt(request) } catch {
                switch error.errno {
                case EBUSY, EAGAIN, EINTR: break
                default: throw .file(error)
                }
            }
            if let found { return try whole(found) }
            guard pause.wait() else { throw .interference(folder) }
        }
    }

    /// A report that was cut is one of a session that ended in the middle.
    private func whole(_ found: RawReport) throws(GuestDeviceError) -> RawReport {
        guard found.report.count == AttestationReport.byteCount else {
            let reason = SNPFormatError.Reason.size(expected: AttestationReport.byteCount, found: found.report.count)
            throw .malformed(SNPFormatError("outblob", reason))
        }
        return found
    }

    /// One session, from its folder to the end. Nil where somebody else changed it meanwhile.
    private func attempt(_ request: TSMRequest) throws(FileError) -> RawReport? {
        let session = try makeSession()
        defer { files.removeFolder(session) }
        var request = request
        if request.privilegeLevel == nil, request.service == nil { request.privilegeLevel = try floor(of: session) }
        for (name, bytes) in request.attributes { try files.write(bytes, to: session + "/" + name) }
        let before = try files.read(session + "/generation", limit: 64)
        let report = try blob(session, "outblob")
        let certificates = try optionalBlob(session, "auxblob")
        let manifest = request.service == nil ? [] : try blob(session, "manifestblob")
        guard try files.read(session + "/generation", limit: 64) == before else { return nil }
        return RawReport(report: report, certificateTable: certificates, manifest: manifest)
    }

    /// What the kernel would take for no level is 0, which only one at VMPL 0 may ask for.
    private func floor(of session: String) throws(FileError) -> Int? {
        do throws(FileError) {
            let text = try files.read(session + "/privlevel_floor", limit: 64)
            return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    private func blob(_ session: String, _ name: String) throws(FileError) -> [UInt8] {
        let path = session + "/" + name
        let bytes = try files.read(path, limit: Self.longestBlob)
        // The end of the file, and nothing before it.
        guard !bytes.isEmpty else { throw FileError(.read, path, errno: 0) }
        return bytes
    }

    /// Nothing where the host gave nothing.
    private func optionalBlob(_ session: String, _ name: String) throws(FileError) -> [UInt8] {
        do throws(FileError) { return try files.read(session + "/" + name, limit: Self.longestBlob) } catch {
            // Kernels before 6.10 show attributes that the provider does not fill.
            guard error.isMissing else { throw error }
            return []
        }
    }

    /// A folder that nobody else has.
    private func makeSession() throws(FileError) -> String {
        var number = BootClock.microseconds
        while true {
            let path = folder + "/sealroot-" + String(getpid()) + "-" + String(number)
            do throws(FileError) {
                try files.makeFolder(path)
                return path
            } catch {
                guard error.errno == EEXIST else { throw error }
                number += 1
            }
        }
    }
}
