internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
internal import Secrets
internal import TPM

/// Adds the keyslot that a sealed secret opens, and the token that names it.
struct SealedKeyslot {
    let device: String
    /// What the token says of a second factor.
    var secondFactor: DerivedKeySelection?

    /// - Parameter token: the id of the token to replace; nil adds one.
    func write(
        _ sealed: SealedKey, _ secret: borrowing SealedSecret, _ volumeKey: borrowing SecretBytes,
        into volume: borrowing LUKSVolume, replacing token: Int? = nil
    ) throws(EnrollmentError) -> (keyslot: Int, token: Int) {
        let identity = try sealing { () throws(SealingError) in try secret.volumeKeyID(of: volumeKey) }
        let passphrase = try sealing { () throws(SealingError) in try secret.keyslotPassphrase() }
        let keyslot = try luks { () throws(LUKSError) in
            try volume.addKeyslot(volumeKey: volumeKey, fullEntropyPassphrase: passphrase)
        }
        do throws(EnrollmentError) {
            let approvals = sealed.approvals
            let json = SealedToken(
                keyslot: keyslot,
                parent: .init(
                    handle: sealed.parent.handle, name: sealed.parent.name, publicArea: sealed.parent.publicArea),
                object: sealed.object,
                authority: approvals.authority.map { .init(publicArea: $0.publicArea, reference: $0.reference) },
                counter: approvals.counter?.handle, policies: approvals.policies,
                secondFactor: secondFactor, headerMAC: try headerMAC(secret, keyslot), volumeKeyID: identity
            ).json().compact
            let id = try luks { () throws(LUKSError) in
                guard let token else { return try volume.addToken(json) }
                try volume.setToken(token, to: json)
                return token
            }
            return (keyslot, id)
        } catch {
            // The first error is the one to tell; a keyslot that stays has a passphrase that nobody knows.
            try? volume.destroyKeyslot(keyslot)
            throw error
        }
    }

    /// The code over the header as it now is on the disk, read by our own reader.
    private func headerMAC(_ secret: borrowing SealedSecret, _ keyslot: Int) throws(EnrollmentError) -> [UInt8] {
        let header = try VolumeHeader.read(device)
        guard let canonical = header.canonical(keyslot: keyslot) else { throw .keyslotVanished(keyslot) }
        return try sealing { () throws(SealingError) in try secret.headerMAC(over: canonical) }
    }
}
