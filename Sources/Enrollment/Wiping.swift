internal import LUKS
internal import LUKSHeader
internal import SealedFormat

/// Takes Sealroot off a volume again.
public struct Wiping: Sendable {
    /// A block device or an image file.
    public let device: String
    /// Wipe even where no keyslot is left then.
    public let isForced: Bool

    public init(device: String, isForced: Bool) {
        self.device = device
        self.isForced = isForced
    }

    /// What was removed.
    public struct Result: Sendable {
        public let tokens: [Int]
        public let keyslots: [Int]
    }

    /// Destroys the keyslots of our tokens, then the tokens. Interrupted, it can be run again.
    public func wipe() throws(EnrollmentError) -> Result {
        let header = try VolumeHeader.read(device)
        let tokens = header.tokens(ofType: SealedToken.type)
        guard !tokens.isEmpty else { throw .notEnrolled }
        let keyslots = header.keyslots.map(\.id).filter { id in tokens.contains { $0.keyslots.contains(id) } }
        guard isForced || keyslots.count < header.keyslots.count else { throw .lastKeyslot }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        for keyslot in keyslots {
            try luks { () throws(LUKSError) in try volume.destroyKeyslot(keyslot) }
        }
        for token in tokens {
            try luks { () throws(LUKSError) in try volume.removeToken(token.id) }
        }
        return Result(tokens: tokens.map(\.id), keyslots: keyslots)
    }
}
