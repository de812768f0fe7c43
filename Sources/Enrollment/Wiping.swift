internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
public import TPM

/// Takes Sealroot off a volume again.
public struct Wiping: Sendable {
    /// A block device or an image file.
    public let device: String
    /// Wipe even where no keyslot is left then.
    public let isForced: Bool
    public let store: AuthorityStore

    public init(device: String, isForced: Bool, store: AuthorityStore = AuthorityStore()) {
        self.device = device
        self.isForced = isForced
        self.store = store
    }

    /// What was removed.
    public struct Result: Sendable {
        public let tokens: [Int]
        public let keyslots: [Int]
        /// NV indices of revocation counters.
        public let counters: [UInt32]
    }

    /// The NV indices that the tokens name: where there is one, `wipe` wants the TPM.
    public func counters() throws(EnrollmentError) -> [UInt32] {
        try VolumeHeader.read(device).tokens(ofType: SealedToken.type).compactMap { try? SealedToken($0.value).counter }
    }

    /// Destroys the keyslots of our tokens, then the tokens, and then what belonged to them beside the volume: counters
    /// and keys. Interrupted, it can be run again, as long as there is a token.
    ///
    /// - Parameter connect: is asked for the TPM once the volume is wiped, and only where there is a counter.
    public func wipe(
        connect: () throws(EnrollmentError) -> TPM
    ) throws(EnrollmentError) -> Result {
        let header = try VolumeHeader.read(device)
        let tokens = header.tokens(ofType: SealedToken.type)
        guard !tokens.isEmpty else { throw .notEnrolled }
        let keyslots = header.keyslots.map(\.id).filter { id in tokens.contains { $0.keyslots.contains(id) } }
        guard isForced || keyslots.count < header.keyslots.count else { throw .lastKeyslot }
        // A token that cannot be read names no counter of ours.
        let makers = tokens.compactMap { token in
            try? EnrolledVolume(
                device: device, header: header, tokenID: token.id, token: SealedToken(token.value)
            ).policyMaker()
        }
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: device) }
        for keyslot in keyslots {
            try luks { () throws(LUKSError) in try volume.destroyKeyslot(keyslot) }
        }
        // The token goes last: without it nobody would find the counter again.
        let counters = try removeCounters(makers.compactMap { $0.counter }, connect)
        for token in tokens {
            try luks { () throws(LUKSError) in try volume.removeToken(token.id) }
        }
        for authority in makers.compactMap({ $0.authority }) {
            try rethrow(as: EnrollmentError.file) { () throws(FileError) in try store.remove(named: authority.name) }
        }
        return Result(tokens: tokens.map(\.id), keyslots: keyslots, counters: counters)
    }

    /// Undefines the indices that are the authority's own; another that took the place of one stays.
    private func removeCounters(
        _ counters: [RevocationCounter], _ connect: () throws(EnrollmentError) -> TPM
    ) throws(EnrollmentError) -> [UInt32] {
        guard !counters.isEmpty else { return [] }
        let tpm = try connect()
        var removed: [UInt32] = []
        for counter in counters {
            let isOurs = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                guard try tpm.counterState(of: counter).isOurs else { return false }
                try tpm.undefineCounter(counter)
                return true
            }
            if isOurs { removed.append(counter.handle) }
        }
        return removed
    }
}
