internal import CLinux
internal import Cryptography
internal import InitramfsRuntime
internal import SNPABI
internal import Secrets

/// Where the vTPM lives between two starts: a folder with swtpm's state, encrypted by swtpm (AES-256-CBC, then HMAC), and
/// its description.
///
/// The folder comes into being in one step: under another name while the TPM is manufactured, and renamed when all of
/// it is on the medium. Whatever else is found there is refused, never repaired: a new TPM in place of a lost one would
/// look like an attack to everybody who sealed to the old one.
struct VTPMState {
    let folder: String
    private var unfinished: String { folder + ".new" }
    private var lockPath: String { folder + ".lock" }

    static let stateFile = "tpm2-00.permall"
    static let descriptionFile = "description.json"
    /// swtpm's own, which it leaves behind. Nobody holds it who does not hold ours.
    private static let processLock = ".lock"
    /// Bytes that must be free before a TPM is made: libtpms' NV memory at its fullest, twice, since swtpm writes a new
    /// file beside the old one.
    private static let room = 512 * 1024
    /// How long to wait for the swtpm of a guest that was just killed.
    private static let lockPatience: Int64 = 3000

    /// Starts the vTPM, which is manufactured on first use.
    ///
    /// - Parameters:
    ///   - key: 32 bytes that only this guest on this chip can have.
    ///   - tcb: REPORTED_TCB, for the description.
    func open(
        identity: LaunchIdentity, tcb: TCBVersion, key: borrowing SecretBytes
    ) throws(SVSMError) -> (tpm: VirtualTPM, endorsementKeys: [EndorsementKey: [UInt8]]) {
        let lock = try lock()
        if try isNew() { try manufacture(identity, tcb, key, lock) }
        let description = try description()
        let isOurs = try rethrow(as: SVSMError.cryptography) { () throws(CryptographyError) in
            try description.isAuthentic(key)
        }
        guard isOurs else {
            let differences = Self.differences(description, identity, tcb)
            guard differences.isEmpty else { throw .otherLaunch(differences: differences) }
            throw .state(path: folder + "/" + Self.descriptionFile, reason: "it was changed, or the chip's secret was")
        }
        let size = try rethrow(as: SVSMError.file) { () throws(FileError) in
            try FileDescriptor.open(readingAt: folder + "/" + Self.stateFile).byteCount
        }
        // swtpm takes an empty file for no TPM, and makes one.
        guard size > 0 else { throw .state(path: folder + "/" + Self.stateFile, reason: "it is empty") }
        do throws(SVSMError) {
            let link = try SoftwareTPMLink.start(folder: folder, key: key, lock: lock)
            return (VirtualTPM(link), description.endorsementKeys)
        } catch {
            // The key is the right one: so what it opens is not what was written.
            guard case .ended(_, let message) = error else { throw error }
            throw .state(path: folder + "/" + Self.stateFile, reason: message)
        }
    }

    /// One guest at a time; swtpm inherits the lock and keeps it until it has ended.
    private func lock() throws(SVSMError) -> FileDescriptor {
        do throws(FileError) {
            let lock = try FileDescriptor.openOrCreate(lockPath, isFollowingLinks: false)
            try lock.lock(milliseconds: Self.lockPatience)
            return lock
        } catch { throw error.operation == .lock && error.errno == EWOULDBLOCK ? .inUse(lockPath) : .file(error) }
    }

    /// Whether there is no TPM yet.
    private func isNew() throws(SVSMError) -> Bool {
        do throws(FileError) {
            return try FileDescriptor.open(readingAt: folder).names().allSatisfy { $0 == Self.processLock }
        } catch {
            guard error.isMissing else { throw .file(error) }
            return true
        }
    }

    private func description() throws(SVSMError) -> VTPMDescription {
        let path = folder + "/" + Self.descriptionFile
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileBytes.read(path, limit: VTPMDescription.longest) } catch {
            guard error.isMissing else { throw .file(error) }
            throw .state(path: path, reason: "it is missing, although the folder has other files")
        }
        return try VTPMDescription(parsing: bytes, path: path)
    }

    private static func differences(
        _ description: VTPMDescription, _ identity: LaunchIdentity, _ tcb: TCBVersion
    ) -> [String] {
        identity.differences(from: description.identity)
            + (description.tcb == tcb ? [] : ["reported TCB: made for \(description.tcb), now \(tcb)"])
    }

    private func manufacture(
        _ identity: LaunchIdentity, _ tcb: TCBVersion, _ key: borrowing SecretBytes, _ lock: borrowing FileDescriptor
    ) throws(SVSMError) {
        try prepareFolder()
        let tpm = VirtualTPM(try SoftwareTPMLink.start(folder: unfinished, key: key, lock: lock))
        var keys: [EndorsementKey: [UInt8]] = [:]
        for kind in EndorsementKey.allCases { keys[kind] = try kind.make(in: tpm) }
        tpm.close()
        let made = keys
        let text = try rethrow(as: SVSMError.cryptography) { () throws(CryptographyError) in
            try VTPMDescription(identity: identity, tcb: tcb, endorsementKeys: made, key: key).text
        }
        try rethrow(as: SVSMError.file) { () throws(FileError) in
            try FileDescriptor.open(readingAt: unfinished + "/" + Self.stateFile).synchronize()
            try FileBytes.replace(unfinished + "/" + Self.descriptionFile, with: Array(text.utf8))
            // A folder takes the place of none but an empty one.
            try FileBytes.remove(folder + "/" + Self.processLock)
            guard unsafe rename(unfinished, folder) == 0 else { throw FileError(.rename, folder, errno: shim_errno()) }
            try FileDescriptor.open(readingAt: folder + "/..").synchronize()
        }
    }

    /// An empty folder under the other name, with room for the state. What lies there is of a manufacture that was cut
    /// off, and has never been anybody's TPM.
    private func prepareFolder() throws(SVSMError) {
        try rethrow(as: SVSMError.file) { () throws(FileError) in
            try FileBytes.makeDirectory(unfinished)
            for name in try FileDescriptor.open(readingAt: unfinished).names() {
                try FileBytes.remove(unfinished + "/" + name)
            }
            let probe = unfinished + "/room"
            do throws(FileError) {
                let file = try FileDescriptor.create(probe)
                try file.write([UInt8](repeating: 0, count: Self.room), at: 0)
                try file.synchronize()
            } catch {
                _ = unsafe unlink(probe)
                throw error
            }
            try FileBytes.remove(probe)
        }
    }
}
