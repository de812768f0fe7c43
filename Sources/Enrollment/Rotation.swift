internal import Cryptography
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
public import Sealing
public import Secrets
public import TPM

/// What opens the volume while its secret is exchanged.
public enum RotationKey: ~Copyable {
    /// The sealed secret itself, as the unlock of an imported object hands it over.
    case secret(SecretBytes)
    case passphrase(SecretBytes)
}

/// What the unlock of a boot by an imported key left for the running system.
public enum HandedOver {
    /// The passphrase of the keyslot that opened `device`; nil where nothing was left, or too long ago.
    public static func passphrase(of device: String) throws(EnrollmentError) -> SecretBytes? {
        guard let bytes = Handover.take(for: try VolumeHeader.read(device).uuid) else { return nil }
        return try sealing { () throws(SealingError) in try SealedSecret(copying: bytes).keyslotPassphrase() }
    }
}

extension Resealing {
    /// The volume's key was sealed elsewhere, and the next `reseal` shall exchange it.
    public func isImported() throws(EnrollmentError) -> Bool {
        guard case .duplicate = try EnrolledVolume.read(device).token.object.wrapped else { return false }
        return true
    }

    /// The secret that the unlock of this boot left for the exchange; nil where it did not, or too long ago.
    public func handedOverSecret() throws(EnrollmentError) -> SecretBytes? {
        Handover.take(for: try EnrolledVolume.read(device).header.uuid)
    }

    /// Exchanges the sealed secret for a new one that this TPM has sealed: with another keyslot, and, where the authority
    /// is local, another authority and counter. What the maker of the old secret knows opens nothing afterwards.
    ///
    /// The new keyslot comes first, then the token takes the place of the old one in one step, then the old keyslot goes.
    ///
    /// - Parameters:
    ///   - authority: nil keeps the kind that the volume has, as far as that can be told.
    ///   - counter: for a new local authority.
    ///   - factor: where a second factor comes from.
    public func rotate(
        _ rotationKey: borrowing RotationKey, to boots: [ExpectedBoot], authority: AuthorityChoice?,
        counter: CounterChoice, _ tpm: borrowing TPM, factor: some SecondFactorProvider = NoSecondFactor()
    ) throws(EnrollmentError) -> Result {
        let lock = try locked()
        defer { withExtendedLifetime(lock) {} }
        try finishRotation(tpm)
        let old = try EnrolledVolume.read(device)
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let volumeKey = try Self.volumeKey(rotationKey, of: volume, keyslot: old.token.keyslot)
        let maker = try old.policyMaker()
        let kept = try sealing { () throws(SealingError) in try SealedSecret.random() }
        // A second factor stays the one that the volume has.
        let secret = try kept.combined(copyingFor: old.token.secondFactor, from: factor)
        var kind = authority
        if kind == nil { kind = try present(maker.authority, rotationKey) }
        let plan = SealingPlan(selection: maker.selection, authority: kind ?? .nobody, counter: counter, store: store)
        let present = try kind == .nobody ? [] : presentBoot(old, maker, tpm)
        let approved = present + boots.filter { boot in !present.contains { $0.values == boot.values } }
        let made = try plan.seal(kept, deriving: secret, volumeKey, for: approved, under: try old.storageKey(), tpm)
        var sealed = made
        if case .elsewhere = plan.authority, made.approvals.authority == maker.authority {
            // Its approvals name the volume and not the secret, so they go on to hold; so does its counter.
            sealed.approvals.policies = old.token.policies
            sealed.approvals.counter = maker.counter
        }
        do throws(EnrollmentError) {
            try store.note(Retirement(of: old, maker, unlessKept: sealed.approvals), for: old.header.uuid)
            _ = try SealedKeyslot(device: device, secondFactor: old.token.secondFactor).write(
                sealed, secret, volumeKey, into: volume, replacing: old.tokenID)
        } catch {
            // Only what is new: the volume is as it was, and needs its counter.
            plan.withdraw(made.approvals, tpm)
            throw error
        }
        Handover.forget(for: old.header.uuid)
        try finishRotation(tpm)
        return Result(
            policies: sealed.approvals.policies.map { $0.label }, dropped: old.token.policies.map { $0.label },
            added: sealed.approvals.policies.map { $0.label }, count: sealed.approvals.policies.first?.count)
    }

    private static func volumeKey(
        _ key: borrowing RotationKey, of volume: borrowing LUKSVolume, keyslot: Int
    ) throws(EnrollmentError) -> SecretBytes {
        switch key {
        case .passphrase(let passphrase): return try VolumeHeader.volumeKey(of: volume, passphrase)
        case .secret(let bytes):
            let secret = try sealing { () throws(SealingError) in try SealedSecret(copying: bytes) }
            let passphrase = try sealing { () throws(SealingError) in try secret.keyslotPassphrase() }
            return try VolumeHeader.volumeKey(of: volume, passphrase)
        }
    }

    /// The present boot, where it is one that the old authority has approved and the machine may fall back to.
    private func presentBoot(
        _ old: EnrolledVolume, _ maker: PolicyMaker, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> [ExpectedBoot] {
        let values = try ExpectedPCRs.read(maker.selection, fencePCR: fencePCR, tpm)
        for policy in old.token.policies {
            if let boot = try maker.approvedBoot(policy), boot.values == values { return [boot] }
        }
        return []
    }

    /// The kind of authority that the volume has.
    private func present(
        _ authority: PolicyAuthority?, _ rotationKey: borrowing RotationKey
    ) throws(EnrollmentError) -> AuthorityChoice {
        guard let authority else { return .nobody }
        if try store.key(named: authority.name) != nil { return .local }
        switch rotationKey {
        case .secret(let bytes):
            let own = try sealing { () throws(SealingError) in
                try SealedSecret(copying: bytes).authorityKey().publicKey
            }
            guard let key = authority.key, key != own else { return .local }
            return .elsewhere(key)
        // The old secret's maker may have its key: to keep it would keep a way in.
        case .passphrase: throw .authorityUnknown
        }
    }

    /// Removes what only the old secret needed, also where an earlier rotation was interrupted before it could.
    func finishRotation(_ tpm: borrowing TPM) throws(EnrollmentError) {
        let volume = try EnrolledVolume.read(device)
        guard let retired = try store.retirement(for: volume.header.uuid) else { return }
        // Interrupted before the token was replaced: nothing is obsolete.
        if retired.keyslot != volume.token.keyslot {
            if volume.header.keyslot(retired.keyslot) != nil {
                try luks { () throws(LUKSError) in
                    try LUKSVolume.open(headerAt: device).destroyKeyslot(retired.keyslot)
                }
            }
            if let counter = try retired.revocationCounter() {
                let state = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                    let state = try tpm.counterState(of: counter)
                    if state.isOurs { try tpm.undefineCounter(counter) }
                    return state
                }
                if case .foreign = state { throw .counter(state, handle: counter.handle) }
            }
            if let name = try retired.authorityName {
                try rethrow(as: EnrollmentError.file) { () throws(FileError) in try store.remove(named: name) }
            }
        }
        try store.forgetRetirement(for: volume.header.uuid)
    }
}
