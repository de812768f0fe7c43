internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import LUKSHeader
internal import SealedFormat
internal import TPM

extension Resealing {
    func locked() throws(EnrollmentError) -> FileDescriptor {
        try rethrow(as: EnrollmentError.file) { () throws(FileError) in try store.lock() }
    }

    /// The volume, the key that approves its policies, and the maker of these.
    func open() throws(EnrollmentError) -> (EnrolledVolume, LocalAuthority, PolicyMaker) {
        let volume = try EnrolledVolume.read(device)
        guard let authority = try volume.authority() else { throw .notResealable }
        guard let key = try store.key(named: authority.name) else { throw .authorityElsewhere }
        guard authority.key == key.key.publicKey else { throw .authorityElsewhere }
        return (volume, key, try volume.policyMaker())
    }

    /// The counter as the TPM that holds the storage key says; nil where the token has none.
    func count(
        _ maker: PolicyMaker, _ volume: EnrolledVolume, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> UInt64? {
        guard let counter = maker.counter else { return nil }
        return try CounterSteps.value(of: counter, over: volume.storageKey(), tpm)
    }

    /// The policies of the token that the authority has approved, and that the counter has not left behind.
    func approved(_ volume: EnrolledVolume, from count: UInt64?) throws(EnrollmentError) -> [SealedToken.PCRPolicy] {
        var policies: [SealedToken.PCRPolicy] = []
        for policy in volume.token.policies {
            guard try volume.policyMaker(of: policy).approvedBoot(policy) != nil else { continue }
            if let count, let limit = policy.count, limit < count { continue }
            policies.append(policy)
        }
        return policies
    }

    func signed(
        _ boots: [ExpectedBoot], _ maker: PolicyMaker, limit: UInt64?, by authority: LocalAuthority
    ) throws(EnrollmentError) -> [SealedToken.PCRPolicy] {
        try boots.map { (boot) throws(EnrollmentError) in
            try maker.signed(boot, limit: limit, by: authority.key)
        }
    }

    /// Whether the token approves these boots, until the counter passes `limit`, and nothing else.
    func isExactly(
        _ boots: [ExpectedBoot], _ volume: EnrolledVolume, _ maker: PolicyMaker, limit: UInt64?
    ) throws(EnrollmentError) -> Bool {
        let policies = volume.token.policies
        guard policies.count == boots.count else { return false }
        for boot in boots {
            let digest = try maker.draft(boot, limit: limit).digest
            guard policies.contains(where: { $0.digest == digest }) else { return false }
        }
        return true
    }

    /// Writes the policies: all of `needed`, and of `spare` as many as the header has room for.
    func write(
        needed: [SealedToken.PCRPolicy], spare: [SealedToken.PCRPolicy], to volume: EnrolledVolume, count: UInt64?
    ) throws(EnrollmentError) -> Result {
        var token = volume.token
        token.policies = needed + spare
        while token.policies.count > Self.mostPolicies || !volume.hasRoom(for: token) {
            guard token.policies.count > needed.count else { throw .tokenTooLarge }
            token.policies.removeLast()
        }
        if token != volume.token { try volume.replaceToken(by: token) }
        func labels(_ some: [SealedToken.PCRPolicy], without others: [SealedToken.PCRPolicy]) -> [String] {
            let known = others.map { $0.values }
            return some.filter { !known.contains($0.values) }.map { $0.label }
        }
        return Result(
            policies: token.policies.map { $0.label }, dropped: labels(volume.token.policies, without: token.policies),
            added: labels(token.policies, without: volume.token.policies), count: count)
    }
}

extension EnrolledVolume {
    /// Whether the metadata, with `token` in the place of the present one, fits into the header's area for it.
    func hasRoom(for token: SealedToken) -> Bool {
        // What cryptsetup writes may space the text a little wider than ours.
        let slack = 256
        let others = header.metadata.compact.utf8.count - self.token.json().compact.utf8.count
        return others + token.json().compact.utf8.count + slack <= header.jsonByteCount
    }
}

extension [SealedToken.PCRPolicy] {
    /// One of them binds the same. A signature differs each time, so policies are told apart by that.
    func binds(_ other: SealedToken.PCRPolicy) -> Bool { contains { $0.digest == other.digest } }
}

extension Array {
    /// Those that fulfil the condition, and the others, each in their order.
    func separated<Failure: Error>(
        by condition: (Element) throws(Failure) -> Bool
    ) throws(Failure) -> ([Element], [Element]) {
        var (matching, others): ([Element], [Element]) = ([], [])
        for element in self {
            if try condition(element) { matching.append(element) } else { others.append(element) }
        }
        return (matching, others)
    }
}
