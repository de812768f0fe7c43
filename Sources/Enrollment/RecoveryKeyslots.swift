internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import LUKSHeader
public import RecoveryKeys
internal import Sealing
public import Secrets

/// The recovery keys of a LUKS2 volume: keyslots that a token of type `systemd-recovery` names.
///
/// Source: systemd, src/cryptenroll/cryptenroll-recovery.c: the passphrase of the keyslot is the text of the key, the key
/// derivation is the least one since the key has full entropy, and the token holds `type` and `keyslots` alone.
public struct RecoveryKeyslots: Sendable {
    public static let tokenType = "systemd-recovery"

    /// A block device or an image file.
    public let device: String

    public init(device: String) { self.device = device }

    /// One recovery key, by where it lies.
    public struct Entry: Equatable, Sendable {
        public let keyslot: Int
        public let token: Int
    }

    /// Ascending by keyslot. A token without a keyslot, as an interrupted removal leaves one, is none.
    public func list() throws(EnrollmentError) -> [Entry] { Self.entries(of: try VolumeHeader.read(device)) }

    /// Makes a key, and adds a keyslot and a token for it. Whatever interrupts this, all that opened the volume does.
    ///
    /// - Parameters:
    ///   - passphrase: opens any keyslot of the volume.
    ///   - keep: gets the key before it opens anything; where it throws, nothing has changed.
    ///   - deliver: gets the key once both are on the disk; where it throws, they are removed again, since nobody
    ///     has the key.
    public func add(
        passphrase: borrowing SecretBytes,
        keep: (borrowing RecoveryKey) throws(EnrollmentError) -> Void = { (_) throws(EnrollmentError) in },
        deliver: (borrowing RecoveryKey, Entry) throws(EnrollmentError) -> Void
    ) throws(EnrollmentError) {
        // What the boot would refuse gets no key either.
        _ = try VolumeHeader.read(device)
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let volumeKey = try VolumeHeader.volumeKey(of: volume, passphrase)
        let key = try rethrow(as: { (error: CryptographyError) in EnrollmentError.sealing(.cryptography(error)) }) {
            () throws(CryptographyError) in try RecoveryKey.generate()
        }
        try keep(key)
        let keyslot = try luks { () throws(LUKSError) in
            try volume.addKeyslot(volumeKey: volumeKey, fullEntropyPassphrase: key.text)
        }
        var token: Int?
        do throws(EnrollmentError) {
            let id = try luks { () throws(LUKSError) in try volume.addToken(Self.token(keyslot).compact) }
            token = id
            try deliver(key, Entry(keyslot: keyslot, token: id))
        } catch {
            // The first error is the one to tell; a keyslot that stays has a passphrase that nobody knows.
            try? volume.destroyKeyslot(keyslot)
            if let token { try? volume.removeToken(token) }
            throw error
        }
    }

    /// Destroys a recovery key's keyslot, then its token. Interrupted, it can be run again.
    ///
    /// - Parameters:
    ///   - keyslot: nil takes the only recovery key that there is.
    ///   - isForced: remove it even where no keyslot is left then.
    public func remove(keyslot: Int?, isForced: Bool) throws(EnrollmentError) -> Entry {
        let header = try VolumeHeader.read(device)
        let entry = try Self.entry(keyslot, among: Self.entries(of: header))
        guard isForced || header.keyslots.count > 1 else { throw .lastKeyslot }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        try luks { () throws(LUKSError) in
            // libcryptsetup takes the keyslot out of the tokens that name it.
            try volume.destroyKeyslot(entry.keyslot)
        }
        let left = try VolumeHeader.read(device)
        for token in left.tokens(ofType: Self.tokenType) where token.keyslots.isEmpty {
            try luks { () throws(LUKSError) in try volume.removeToken(token.id) }
        }
        return entry
    }

    /// The keyslot that a passphrase opens, and whether a recovery token names it.
    public func check(_ passphrase: borrowing SecretBytes) throws(EnrollmentError) -> (keyslot: Int, isRecovery: Bool) {
        let header = try VolumeHeader.read(device)
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        let keyslot: Int
        do throws(LUKSError) { keyslot = try volume.keyslot(openedBy: passphrase) } catch {
            throw error.isWrongKey ? .wrongPassphrase : .luks(error)
        }
        return (keyslot, Self.entries(of: header).contains { $0.keyslot == keyslot })
    }

    private static func entries(of header: LUKSHeader) -> [Entry] {
        let tokens = header.tokens(ofType: tokenType)
        return header.keyslots.compactMap { keyslot in
            tokens.first { $0.keyslots.contains(keyslot.id) }.map { Entry(keyslot: keyslot.id, token: $0.id) }
        }
    }

    private static func entry(_ keyslot: Int?, among entries: [Entry]) throws(EnrollmentError) -> Entry {
        if let keyslot {
            guard let entry = entries.first(where: { $0.keyslot == keyslot }) else { throw .noRecoveryKey(keyslot) }
            return entry
        }
        guard let only = entries.first else { throw .noRecoveryKey(nil) }
        guard entries.count == 1 else { throw .severalRecoveryKeys(entries.map(\.keyslot)) }
        return only
    }

    private static func token(_ keyslot: Int) -> JSONValue {
        .object([
            JSONMember("type", .string(tokenType)), JSONMember("keyslots", .array([.string(String(keyslot))])),
        ])
    }
}
