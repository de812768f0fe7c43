internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
public import TPM

/// Whether the next boot will unlock a volume, and if not, what stands in the way.
public struct VolumeStatus: Sendable {
    /// One thing for which the next boot will not unlock.
    public struct Obstacle: Equatable, Sendable {
        /// As in `EnrollmentError`: the part of the machine.
        public let area: String
        public let detail: String

        public init(area: String, detail: String) {
            self.area = area
            self.detail = detail
        }
    }

    /// One policy of the token.
    public struct Policy: Equatable, Sendable {
        public let label: String
        public let pcrs: [Int]
        public let count: UInt64?
        /// The authority has approved it, and the counter has not left it behind.
        public let isLive: Bool
    }

    /// The label of the policy that the next boot meets.
    public internal(set) var policy: String?
    public var obstacles: [Obstacle] = []
    /// What does not stand in the way, but should be known.
    public internal(set) var warnings: [String] = []
    public internal(set) var policies: [Policy] = []
    public internal(set) var counter: (handle: UInt32, value: UInt64?)?
    public internal(set) var authorityName: [UInt8]?

    public var willUnlock: Bool { obstacles.isEmpty && policy != nil }

    /// What the volume and its token say by themselves.
    ///
    /// - Parameters:
    ///   - next: the next boot, as predicted; nil where it cannot be, for which the caller has an obstacle.
    ///   - connection: whether there is a TPM to ask.
    public static func examine(
        _ device: String, next: ExpectedBoot?, settings: StatusSettings, tpm: borrowing TPM
    ) -> VolumeStatus {
        var status = VolumeStatus()
        do throws(EnrollmentError) {
            try status.examine(EnrolledVolume.read(device), next, settings, tpm)
        } catch { status.add(error) }
        return status
    }

    mutating func add(_ error: EnrollmentError) {
        obstacles.append(Obstacle(area: error.area, detail: error.description))
    }

    private mutating func examine(
        _ volume: EnrolledVolume, _ next: ExpectedBoot?, _ settings: StatusSettings, _ tpm: borrowing TPM
    ) throws(EnrollmentError) {
        let maker = try volume.policyMaker()
        authorityName = maker.authority?.name
        examineHeader(volume, settings)
        let parent = try examineKey(volume, settings, tpm)
        let count = examineCounter(maker, parent, tpm)
        try judge(volume, maker, count, next)
    }

    private mutating func examineHeader(_ volume: EnrolledVolume, _ settings: StatusSettings) {
        let token = volume.token
        if volume.header.keyslot(token.keyslot) == nil {
            obstacles.append(
                Obstacle(
                    area: "volume",
                    detail: "keyslot \(token.keyslot) of the token is not there: 'sealroot wipe', then enrol again"))
        }
        for policy in token.policies where !policy.pcrs.contains(settings.fencePCR) {
            obstacles.append(
                Obstacle(area: "token", detail: "policy '\(policy.label)' does not hold PCR \(settings.fencePCR)"))
        }
        if case .duplicate = token.object.wrapped {
            warnings.append("the key was sealed elsewhere, so its maker knows it: 'sealroot reseal' makes a new one")
        }
        if let pin = settings.authorityName, pin != authorityName {
            obstacles.append(Obstacle(area: "configuration", detail: "authority-name is not the token's authority"))
        }
        if authorityName != nil, settings.authorityName == nil {
            warnings.append(
                "init.conf pins no authority-name: the host could swap the volume for one of its own making")
        }
        if settings.isPrompting {
            warnings.append(
                "'unenrolled = prompt' is set: a volume without token is opened by whoever types its passphrase")
        }
    }

    private mutating func examineKey(
        _ volume: EnrolledVolume, _ settings: StatusSettings, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> StorageKey {
        let expected = try volume.storageKey()
        do throws(TPMError) {
            let key = try tpm.storageKey(at: expected.handle)
            if key.name != expected.name {
                obstacles.append(
                    Obstacle(
                        area: "tpm",
                        detail: "another TPM: its storage key is not the token's; 'sealroot wipe', then enrol again"))
            }
            if let pin = settings.parentName, pin != key.name {
                obstacles.append(Obstacle(area: "configuration", detail: "parent-name is not the TPM's storage key"))
            }
            try examineLockout(key, tpm)
        } catch {
            let isMissing = error.isMissingHandle
            obstacles.append(
                Obstacle(
                    area: "tpm",
                    detail: isMissing
                        ? "another TPM: it has no storage key; 'sealroot wipe', then enrol again" : error.description))
        }
        return expected
    }

    private mutating func examineLockout(_ key: StorageKey, _ tpm: borrowing TPM) throws(TPMError) {
        guard key.isSubjectToLockout else { return }
        warnings.append("the storage key lacks noDA: each hard power-off counts as a failed try")
        let lockout = try tpm.lockout()
        guard lockout.isLockedOut else { return }
        obstacles.append(
            Obstacle(
                area: "tpm",
                detail: "dictionary-attack lockout: one try comes back within \(lockout.intervalSeconds) s"))
    }

    /// Nil where there is no counter, or none that can be read.
    private mutating func examineCounter(
        _ maker: PolicyMaker, _ parent: StorageKey, _ tpm: borrowing TPM
    ) -> UInt64? {
        guard let counter = maker.counter else { return nil }
        do throws(EnrollmentError) {
            let value = try CounterSteps.value(of: counter, over: parent, tpm)
            self.counter = (counter.handle, value)
            return value
        } catch {
            self.counter = (counter.handle, nil)
            add(error)
            return nil
        }
    }
}
