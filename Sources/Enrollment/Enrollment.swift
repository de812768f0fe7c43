internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import LUKSHeader
public import SealedFormat
public import Sealing
public import Secrets
public import TPM

/// Ties a LUKS2 volume to a TPM and to the boot chain that it has measured. Source: architecture, section 4.
///
/// Nothing of the volume is touched before all that can fail without it has succeeded. Then a keyslot is added, then the
/// token that names it; whatever interrupts this, the passphrase opens the volume as before, and at most an unused
/// keyslot, counter and key file are left.
public struct Enrollment: Sendable {
    /// Default PCRs of a boot by shim and GRUB. Source: architecture, section 4.4.
    public static let defaultPCRs = [4, 7, 8, 9, 12, 14]

    /// A block device or an image file.
    public let device: String
    /// PCRs of the SHA-256 bank.
    public let pcrs: [Int]
    public let fencePCR: Int
    /// Persistent handle of the storage key; nil takes the one that is there, or makes one.
    public let parentHandle: UInt32?
    public let authority: AuthorityChoice
    public let counter: CounterChoice
    public let store: AuthorityStore
    /// What the sealed secret is combined with; nil for nothing.
    public let secondFactor: DerivedKeySelection?

    public init(
        device: String, pcrs: [Int], fencePCR: Int, parentHandle: UInt32?, authority: AuthorityChoice = .local,
        counter: CounterChoice = .automatic, store: AuthorityStore = AuthorityStore(),
        secondFactor: DerivedKeySelection? = nil
    ) {
        self.device = device
        self.pcrs = pcrs
        self.fencePCR = fencePCR
        self.parentHandle = parentHandle
        self.authority = authority
        self.counter = counter
        self.store = store
        self.secondFactor = secondFactor
    }

    /// What was written to the volume.
    public struct Result: Sendable {
        public let keyslot: Int
        public let token: Int
        public let parentHandle: UInt32
        /// TPM name of the storage key, 34 bytes: what `parent-name` in `init.conf` pins.
        public let parentName: [UInt8]
        /// Without noDA, each hard power-off after its use counts as a failed try, and lockout bars it.
        public let isParentSubjectToLockout: Bool
        /// TPM name of the authority, 34 bytes: what `authority-name` pins; nil where there is none.
        public let authorityName: [UInt8]?
        public let counterHandle: UInt32?
        public let pcrs: [PCRValue]
        /// Whether a boot is approved already; the owner of an authority elsewhere has yet to do it.
        public let isApproved: Bool
    }

    /// - Parameters:
    ///   - passphrase: Opens any keyslot of the volume.
    ///   - factor: where the second factor comes from.
    public func enroll(
        passphrase: borrowing SecretBytes, tpm: borrowing TPM,
        factor: some SecondFactorProvider = NoSecondFactor()
    ) throws(EnrollmentError) -> Result {
        guard pcrs.contains(fencePCR) else { throw .fenceNotBound(fencePCR) }
        guard let selection = PCRSelection(bank: .sha256, indices: pcrs) else { throw .noSuchPCR }
        let header = try VolumeHeader.read(device)
        if let token = header.tokens(ofType: SealedToken.type).first { throw .alreadyEnrolled(token: token.id) }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let volumeKey = try VolumeHeader.volumeKey(of: volume, passphrase)
        let values = try ExpectedPCRs.read(selection, fencePCR: fencePCR, tpm)
        let parent = try StorageKeys.find(parentHandle, tpm)
        let kept = try sealing { () throws(SealingError) in try SealedSecret.random() }
        let secret = try kept.combined(copyingFor: secondFactor, from: factor)

        let plan = SealingPlan(selection: selection, authority: authority, counter: counter, store: store)
        let boot = ExpectedBoot(label: "enrolled boot", values: values)
        let sealed = try plan.seal(kept, deriving: secret, volumeKey, for: [boot], under: parent, tpm)
        let written: (keyslot: Int, token: Int)
        do throws(EnrollmentError) {
            written = try SealedKeyslot(device: device, secondFactor: secondFactor).write(
                sealed, secret, volumeKey, into: volume)
        } catch {
            plan.withdraw(sealed.approvals, tpm)
            throw error
        }
        return Result(
            keyslot: written.keyslot, token: written.token, parentHandle: parent.handle, parentName: parent.name,
            isParentSubjectToLockout: parent.isSubjectToLockout, authorityName: sealed.approvals.authority?.name,
            counterHandle: sealed.approvals.counter?.handle, pcrs: values,
            isApproved: !sealed.approvals.policies.isEmpty)
    }
}

func luks<Value: ~Copyable>(_ body: () throws(LUKSError) -> Value) throws(EnrollmentError) -> Value {
    try rethrow(as: EnrollmentError.luks, body)
}

func hashing<Value: ~Copyable>(_ body: () throws(CryptographyError) -> Value) throws(EnrollmentError) -> Value {
    try rethrow(as: { (error: CryptographyError) in EnrollmentError.sealing(.cryptography(error)) }, body)
}

func sealing<Value: ~Copyable>(_ body: () throws(SealingError) -> Value) throws(EnrollmentError) -> Value {
    try rethrow(as: EnrollmentError.sealing, body)
}

extension SealedSecret {
    /// What everything is derived from where the TPM keeps this: itself, or both factors together.
    func combined(
        copyingFor selection: DerivedKeySelection?, from factor: some SecondFactorProvider
    ) throws(EnrollmentError) -> SealedSecret {
        do throws(SealingError) {
            return try SealedSecret(copying: bytes).combined(with: selection, from: factor)
        } catch { throw .sealing(error) }
    }
}
