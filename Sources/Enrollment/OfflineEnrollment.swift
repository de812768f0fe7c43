public import Cryptography
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
public import OfflineSealing
internal import SealedFormat
internal import Sealing
public import Secrets
internal import TPM

/// Ties a LUKS2 volume to a TPM that is not at hand, by that TPM's public storage or endorsement key.
///
/// The TPM imports the key at the first boot, and `sealroot reseal` exchanges it there for one that only this TPM has ever
/// known. Until then whoever did this could open the volume, and an old copy of the token goes on to do so: there is no
/// revocation counter yet.
public struct OfflineEnrollment: Sendable {
    /// A block device or an image file of the volume itself.
    public let device: String
    public let target: DuplicationTarget
    /// Where the target keeps its key, or will make it.
    public let handle: UInt32
    /// PCRs of the SHA-256 bank.
    public let pcrs: [Int]
    public let fencePCR: Int

    public init(device: String, target: DuplicationTarget, handle: UInt32?, pcrs: [Int], fencePCR: Int) {
        self.device = device
        self.target = target
        self.handle = handle ?? target.conventionalHandle
        self.pcrs = pcrs
        self.fencePCR = fencePCR
    }

    /// - Parameters:
    ///   - passphrase: Opens any keyslot of the volume.
    ///   - owner: approves the boots; nil derives an authority from the sealed secret, which the first `reseal` replaces.
    public func enroll(
        passphrase: borrowing SecretBytes, for boots: [ExpectedBoot], owner: OwnerKey?
    ) throws(EnrollmentError) -> Enrollment.Result {
        guard pcrs.contains(fencePCR) else { throw .fenceNotBound(fencePCR) }
        guard let selection = PCRSelection(bank: .sha256, indices: pcrs) else { throw .noSuchPCR }
        for boot in boots {
            for pcr in selection.indices where !boot.values.contains(where: { $0.index == pcr }) {
                throw .notPredicted(pcr: pcr, boot: boot.label)
            }
        }
        let header = try VolumeHeader.read(device)
        if let token = header.tokens(ofType: SealedToken.type).first { throw .alreadyEnrolled(token: token.id) }
        let parent = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try StorageKey(handle: handle, publicArea: target.publicArea)
        }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let volumeKey = try VolumeHeader.volumeKey(of: volume, passphrase)
        let secret = try sealing { () throws(SealingError) in try SealedSecret.random() }
        let name = try hashing { () throws(CryptographyError) in try VolumeName.of(volumeKey) }
        let key = try approvingKey(owner, secret)
        let authority = try SealingPlan.authority(x: key.key.x, y: key.key.y, name)
        let maker = PolicyMaker(selection: selection, authority: authority, counter: nil)
        var approvals = Approvals()
        approvals.authority = authority
        approvals.policies = try boots.map { (boot) throws(EnrollmentError) in
            try maker.signed(boot, limit: nil, by: key.key)
        }
        let digest = try approvals.objectPolicy()
        let object = try rethrow(as: EnrollmentError.offline) { () throws(OfflineSealingError) in
            try target.seal(secret.bytes, policyDigest: digest)
        }
        let sealed = SealedKey(
            parent: parent,
            object: .init(publicArea: object.publicArea, wrapped: .duplicate(object.duplicate, seed: object.seed)),
            approvals: approvals)
        let written = try SealedKeyslot(device: device).write(sealed, secret, volumeKey, into: volume)
        return Enrollment.Result(
            keyslot: written.keyslot, token: written.token, parentHandle: handle, parentName: parent.name,
            isParentSubjectToLockout: parent.isSubjectToLockout, authorityName: authority.name, counterHandle: nil,
            pcrs: boots.first?.values.filter { pcrs.contains($0.index) } ?? [], isApproved: !boots.isEmpty)
    }

    private func approvingKey(
        _ owner: OwnerKey?, _ secret: borrowing SealedSecret
    ) throws(EnrollmentError) -> LocalAuthority {
        if let owner { return owner.authority }
        return LocalAuthority(try sealing { () throws(SealingError) in try secret.authorityKey() })
    }
}

/// The private key of an authority that is not derived from the sealed secret.
public struct OwnerKey {
    let authority: LocalAuthority

    /// Takes a PEM private key on the curve P-256; nil where it is none.
    public init?(pem: borrowing SecretBytes) {
        guard let key = SigningKey.parse(pem: pem) else { return nil }
        authority = LocalAuthority(key)
    }

    /// TPM name of the key, 34 bytes, as `authority-name` pins it.
    public static func name(of key: VerifyingKey) throws(EnrollmentError) -> [UInt8] {
        try SealingPlan.authority(x: key.x, y: key.y, [0]).name
    }
}
