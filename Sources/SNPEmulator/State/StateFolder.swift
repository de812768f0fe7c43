internal import CLinux
internal import Cryptography
internal import InitramfsRuntime
public import SNPABI
internal import Secrets
internal import SecureProcessor

/// One emulated chip on the disk: its secrets, its certificates, its vTPM.
///
/// `chip.json` says everything that is no secret; `keys` holds the secrets, for the owner only; `certs` what the KDS would
/// hand out; `vtpm` the vTPM's encrypted state; `machine` what a whole VM keeps from one boot to
/// the next; `run` sockets and locks.
public struct StateFolder: Sendable {
    let layout: StateLayout
    public private(set) var description: ChipDescription

    public var path: String { layout.path }
    public var certificatesPath: String { layout.certificates }
    public var virtualTPMPath: String { layout.virtualTPM }
    public var runPath: String { layout.run }
    public var machinePath: String { layout.machine }

    /// How long to wait for another process that changes the state, in milliseconds.
    private static let patience: Int64 = 5000
    private static let longestFile = 1 << 16

    /// Reads a folder that `create` has made. A change that was interrupted is undone: certificates that do not belong to
    /// chip.json are issued anew.
    public static func load(_ path: String) throws(StateError) -> StateFolder {
        let layout = StateLayout(path: path)
        var state = StateFolder(layout: layout, description: try read(layout))
        guard try !state.staleCertificates().isEmpty else { return state }
        let lock = try lock(layout.lock)
        state.description = try read(layout)
        let stale = try state.staleCertificates()
        try state.write(stale, state.description)
        _ = consume lock
        return state
    }

    private static func read(_ layout: StateLayout) throws(StateError) -> ChipDescription {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileBytes.read(layout.description, limit: longestFile) } catch {
            if error.isMissing { throw .missing(layout.path) }
            throw error.operation == .limit
                ? .malformed(layout.description, reason: "larger than \(longestFile) bytes") : .file(error)
        }
        return try ChipDescription(parsing: bytes, path: layout.description)
    }

    /// Changes the description in one step, and with it the certificates that follow from it.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - isReissuing: whether the keys get new certificates in any case.
    public mutating func update(
        now: Int64, reissuing isReissuing: Bool = false,
        _ change: (inout ChipDescription) throws(FirmwareStatus) -> Void
    ) throws(StateError) {
        let lock = try Self.lock(layout.lock)
        let old = try Self.read(layout)
        var new = old
        do throws(FirmwareStatus) { try change(&new) } catch { throw .refused(error) }
        var changed: [CertificateFile] = []
        if isReissuing || new.platform.reportedTCB != old.platform.reportedTCB {
            new.endorsementIssued = now
            changed = [.vcek, .vlek]
        }
        if new.revoked != old.revoked {
            new.listNumber += 1
            new.listIssued = now
            changed.append(.revocationList)
        }
        description = try write(changed, new)
        _ = consume lock
    }

    /// Issues certificates, then writes chip.json: until it is there, the old one counts.
    @discardableResult
    private func write(
        _ names: [CertificateFile], _ description: ChipDescription
    ) throws(StateError) -> ChipDescription {
        var written = description
        if !names.isEmpty {
            try CertificateStore(layout).write(names, authority(), chip(), vlek(), &written)
        }
        let text = written.encoded()
        try files { () throws(FileError) in try FileBytes.replace(layout.description, with: text, mode: 0o644) }
        return written
    }

    private func staleCertificates() throws(StateError) -> [CertificateFile] {
        var stale: [CertificateFile] = []
        for name in CertificateFile.allCases {
            let der = try Self.optional(layout.certificate(name))
            let digest = try computing { () throws(CryptographyError) in try DigestAlgorithm.sha256.hash(der ?? []) }
            if digest != description.certificates[name] { stale.append(name) }
        }
        return stale
    }

    private static func optional(_ path: String) throws(StateError) -> [UInt8]? {
        do throws(FileError) { return try FileBytes.read(path, limit: longestFile) } catch {
            guard error.isMissing else { throw .file(error) }
            return nil
        }
    }

    static func lock(_ path: String) throws(StateError) -> FileDescriptor {
        do throws(FileError) {
            let kept: FileDescriptor
            if unsafe access(path, F_OK) == 0 {
                kept = try FileDescriptor.open(readingAt: path)
            } else {
                kept = try FileDescriptor.openOrCreate(path, isFollowingLinks: false)
            }
            try kept.lock(milliseconds: patience)
            return kept
        } catch { throw error.operation == .lock && error.errno == EWOULDBLOCK ? .busy(path) : .file(error) }
    }
}
