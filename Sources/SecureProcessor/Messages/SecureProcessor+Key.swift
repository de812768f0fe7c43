internal import Cryptography
internal import SNPABI
internal import Secrets

/// Keys for guests. Source: AMD 56860, "Key Derivation".
extension SecureProcessor {
    /// MSG_KEY_REQ. STATUS is INVALID_PARAM for a VMPL above the caller's, and for a TCB, an SVN or mitigations that the
    /// guest and the platform cannot show; INVALID_KEY where the root is not there for this guest.
    ///
    /// Values that are not selected are checked, too, and do not change the key.
    func answerKey(
        _ payload: [UInt8], version: UInt8, level: UInt32, _ context: GuestContext
    ) throws(FirmwareStatus) -> [UInt8] {
        let none = [UInt8](repeating: 0, count: KeyResponse.keyRange.count)
        let refusal = KeyResponse.head(.invalidParameter) + none
        let request: KeyRequest
        do throws(SNPFormatError) { request = try KeyRequest(parsing: payload, version: version) } catch {
            return refusal
        }
        let hasMitigations = (request.launchMitigations ?? 0) & ~context.launchMitigations == 0
        guard (level...3).contains(request.vmpl), request.guestSVN <= context.identity.guestSVN,
            platform.isWellFormed(request.tcbVersion), platform.committedTCB.isAtLeast(request.tcbVersion),
            hasMitigations
        else { return refusal }
        guard let key = try derivedKey(request, context) else { return KeyResponse.head(.invalidKey) + none }
        // It leaves for the guest, encrypted, within the next lines of the caller.
        return KeyResponse.head(.success) + key.copied
    }

    /// nil where the root is not there for this guest.
    private func derivedKey(_ request: KeyRequest, _ context: GuestContext) throws(FirmwareStatus) -> SecretBytes? {
        if request.isFromVMRK {
            guard let root = context.migrationRootKey else { throw .hardwareErrorPlatform }
            return try derive(from: root.bytes, "VMRK", request, context)
        }
        switch signer(request.keySelection, context) {
        case .vlek:
            guard let vlek else { return nil }
            let root = try working { () throws(CryptographyError) in
                try vlek.derivationRoot(platform.reportedTCB, platform.generation)
            }
            return try derive(from: root, "VLEK", request, context)
        case .vcek where !platform.isChipKeyMasked:
            let root = try working { () throws(CryptographyError) in try chip.derivationRoot(platform.reportedTCB) }
            return try derive(from: root, "VCEK", request, context)
        default: return nil
        }
    }

    /// What the key depends on besides its root: who vouches for the guest, the level, and each selected value.
    private func derive(
        from root: borrowing SecretBytes, _ rootName: String, _ request: KeyRequest, _ context: GuestContext
    ) throws(FirmwareStatus) -> SecretBytes {
        var fields = [Array(rootName.utf8), KeyLabel.bytes(request.fields), KeyLabel.bytes(request.vmpl)]
        fields += [context.identity.idKeyDigest, context.identity.authorKeyDigest ?? []]
        if request.has(.policy) { fields.append(KeyLabel.bytes(context.policy.rawValue)) }
        if request.has(.imageID) { fields.append(context.identity.imageID) }
        if request.has(.familyID) { fields.append(context.identity.familyID) }
        if request.has(.measurement) { fields.append(context.digest.bytes) }
        if request.has(.guestSVN) { fields.append(KeyLabel.bytes(request.guestSVN)) }
        if request.has(.tcbVersion) { fields.append(KeyLabel.bytes(request.tcbVersion.rawValue)) }
        if request.has(.launchMitigations) { fields.append(KeyLabel.bytes(request.launchMitigations ?? 0)) }
        do throws(CryptographyError) {
            return try KeyLabel.guestKey.derive(from: root, fields, count: KeyResponse.keyRange.count)
        } catch { throw .hardwareErrorPlatform }
    }
}
