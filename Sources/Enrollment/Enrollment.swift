internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
public import Secrets
public import TPM

/// Ties a LUKS2 volume to a TPM and to the boot chain that it has measured. Source: architecture, section 4.
///
/// Nothing of the volume is touched before all that can fail without it has succeeded. Then a keyslot is
/// added, then the token that names it; whatever interrupts this, the passphrase opens the volume as before.
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

    public init(device: String, pcrs: [Int], fencePCR: Int, parentHandle: UInt32?) {
        self.device = device
        self.pcrs = pcrs
        self.fencePCR = fencePCR
        self.parentHandle = parentHandle
    }

    /// What was written to the volume.
    public struct Result: Sendable {
        public let keyslot: Int
        public let token: Int
        public let parentHandle: UInt32
        /// TPM name of the storage key, 34 bytes: what `parent-name` in `init.conf` pins.
        public let parentName: [UInt8]
        public let pcrs: [PCRValue]
    }

    /// - Parameter passphrase: Opens any keyslot of the volume.
    public func enroll(
        passphrase: borrowing SecretBytes, tpm: borrowing TPM
    ) throws(EnrollmentError) -> Result {
        guard pcrs.contains(fencePCR) else { throw .fenceNotBound(fencePCR) }
        guard let selection = PCRSelection(bank: .sha256, indices: pcrs) else { throw .noSuchPCR }
        let header = try VolumeHeader.read(device)
        if let token = header.tokens(ofType: SealedToken.type).first { throw .alreadyEnrolled(token: token.id) }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let volumeKey = try VolumeHeader.volumeKey(of: volume, passphrase)

        let values = try ExpectedPCRs.read(selection, fencePCR: fencePCR, tpm)
        let parent = try StorageKeys.find(parentHandle, tpm)
        let secret = try sealing { () throws(SealingError) in try SealedSecret.random() }
        let (policy, blob) = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            let policy = try PolicyDigest.pcr(selection, values)
            return (policy, try tpm.seal(secret.bytes, policyDigest: policy, under: parent))
        }
        let identity = try sealing { () throws(SealingError) in try secret.volumeKeyID(of: volumeKey) }
        let keyslotPassphrase = try sealing { () throws(SealingError) in try secret.keyslotPassphrase() }

        let keyslot = try luks { () throws(LUKSError) in
            try volume.addKeyslot(volumeKey: volumeKey, fullEntropyPassphrase: keyslotPassphrase)
        }
        do throws(EnrollmentError) {
            let token = SealedToken(
                keyslot: keyslot,
                parent: .init(handle: parent.handle, name: parent.name, publicArea: parent.publicArea),
                object: .init(publicArea: blob.publicArea, wrapped: .native(blob.privateArea)),
                policies: [Self.policy(selection, values, digest: policy)],
                headerMAC: try headerMAC(secret, keyslot), volumeKeyID: identity)
            let id = try luks { () throws(LUKSError) in try volume.addToken(token.json().compact) }
            return Result(
                keyslot: keyslot, token: id, parentHandle: parent.handle, parentName: parent.name, pcrs: values)
        } catch {
            // The first error is the one to tell; a keyslot that stays has a passphrase that nobody knows.
            try? volume.destroyKeyslot(keyslot)
            throw error
        }
    }

    private static func policy(
        _ selection: PCRSelection, _ values: [PCRValue], digest: [UInt8]
    ) -> SealedToken.PCRPolicy {
        SealedToken.PCRPolicy(
            label: "enrolled boot", bank: selection.bank, pcrs: selection.indices, digest: digest,
            values: values.map { .init(pcr: $0.index, digest: $0.digest) })
    }

    /// The code over the header as it now is on the disk, read by our own reader.
    private func headerMAC(_ secret: borrowing SealedSecret, _ keyslot: Int) throws(EnrollmentError) -> [UInt8] {
        let header = try VolumeHeader.read(device)
        guard let canonical = header.canonical(keyslot: keyslot) else { throw .keyslotVanished(keyslot) }
        return try sealing { () throws(SealingError) in try secret.headerMAC(over: canonical) }
    }
}

func luks<Value: ~Copyable>(_ body: () throws(LUKSError) -> Value) throws(EnrollmentError) -> Value {
    try rethrow(as: EnrollmentError.luks, body)
}

private func sealing<Value: ~Copyable>(_ body: () throws(SealingError) -> Value) throws(EnrollmentError) -> Value {
    try rethrow(as: EnrollmentError.sealing, body)
}
