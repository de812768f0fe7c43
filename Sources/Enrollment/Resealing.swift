public import Cryptography
internal import InitramfsRuntime
internal import SealedFormat
public import TPM

/// Approves the coming boots of an enrolled volume with the local authority's key. Source: architecture, section 5.
public struct Resealing: Sendable {
    /// A block device or an image file.
    public let device: String
    public let store: AuthorityStore
    public let fencePCR: Int

    static let mostPolicies = 32

    public init(device: String, store: AuthorityStore, fencePCR: Int) {
        self.device = device
        self.store = store
        self.fencePCR = fencePCR
    }

    /// What the token holds afterwards.
    public struct Result: Equatable, Sendable {
        /// Labels of the policies, in the token's order.
        public let policies: [String]
        /// Labels of the policies that went, and of those that came.
        public let dropped: [String]
        public let added: [String]
        /// The counter's value afterwards; nil where there is none.
        public let count: UInt64?
    }

    /// The PCRs that an `ExpectedBoot` must have the values of, and what the present boot has in them without the fence:
    /// for PCRs that nobody predicts.
    ///
    /// - Parameter pcrs: nil for those that the volume's policies bind.
    public func present(pcrs: [Int]? = nil, _ tpm: borrowing TPM) throws(EnrollmentError) -> PresentPCRs {
        let selection = try EnrolledVolume.read(device).policyMaker(pcrs: pcrs).selection
        return PresentPCRs(
            bank: selection.bank, values: try ExpectedPCRs.read(selection, fencePCR: fencePCR, tpm))
    }

    /// Approves `boots` beside what is approved already, so that the present boot's way stays open until `commit`.
    ///
    /// The token is written in one step, and not at all where it says all this already.
    ///
    /// - Parameter fallbacks: boots that are approved, too, as far as the header has room, the most wanted first.
    public func add(
        _ boots: [ExpectedBoot], fallbacks: [ExpectedBoot] = [], _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> Result {
        let lock = try locked()
        defer { withExtendedLifetime(lock) {} }
        try finishRotation(tpm)
        let (volume, key, maker) = try open()
        let count = try count(maker, volume, tpm)
        let policies = try approved(volume, from: count)
        let wanted = try signed(boots, maker, limit: count, by: key)
        let spare = try signed(fallbacks, maker, limit: count, by: key)
        let present = try ExpectedPCRs.read(maker.selection, fencePCR: fencePCR, tpm)
        let (needed, others) = try policies.separated { (policy) throws(EnrollmentError) in
            if wanted.binds(policy) { return true }
            return try maker.approvedBoot(policy)?.values == present
        }
        let (kept, obsolete) = others.separated { spare.binds($0) }
        return try write(
            needed: wanted.filter { !policies.binds($0) } + needed,
            spare: spare.filter { !policies.binds($0) } + kept + obsolete, to: volume, count: count)
    }

    /// Drops every approval but those of the present boot and of `boots`, and moves the counter on, so that what was
    /// dropped is worthless also where the host kept it. Where nothing is to be dropped, nothing is written.
    ///
    /// Nothing is approved that was not: a host that has changed `/boot` since the boot gains nothing by it.
    ///
    /// - Parameter fallbacks: boots that are kept, too, as far as the header has room, the most wanted first.
    /// - Throws: `.bootNotApproved` where the present boot is none that the token approves: then nobody knows which of
    ///   them are obsolete.
    public func commit(
        keeping boots: [ExpectedBoot], fallbacks: [ExpectedBoot] = [], _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> Result {
        let lock = try locked()
        defer { withExtendedLifetime(lock) {} }
        try finishRotation(tpm)
        let (volume, key, maker) = try open()
        let count = try count(maker, volume, tpm)
        let values = try ExpectedPCRs.read(maker.selection, fencePCR: fencePCR, tpm)
        var known: [ExpectedBoot] = []
        for policy in try approved(volume, from: count) {
            // Of another set of PCRs only this maker's can be told to be a certain boot's.
            if let boot = try maker.approvedBoot(policy) { known.append(boot) }
        }
        guard let present = known.first(where: { $0.values == values }) else { throw .bootNotApproved }
        let kept = [present] + boots.filter { $0.values != values && known.have($0) }
        let spare = fallbacks.filter { known.have($0) && !kept.have($0) }
        if try isExactly(kept + spare, volume, maker, limit: count) {
            return Result(policies: volume.token.policies.map(\.label), dropped: [], added: [], count: count)
        }
        // They hold before the counter moves and after it, so a power cut between the two locks nobody out.
        let limit = count.map { $0 + 1 }
        let result = try write(
            needed: signed(kept, maker, limit: limit, by: key), spare: signed(spare, maker, limit: limit, by: key),
            to: volume, count: limit)
        if let counter = maker.counter, let count {
            try CounterSteps.step(counter, from: count, by: key.key, over: volume.storageKey(), tpm)
        }
        return result
    }
}

extension [ExpectedBoot] {
    fileprivate func have(_ boot: ExpectedBoot) -> Bool { contains { $0.values == boot.values } }
}

/// The PCRs that a volume's policies bind, as they are without the fence.
public struct PresentPCRs: Sendable {
    public let bank: DigestAlgorithm
    public let values: [PCRValue]

    public init(bank: DigestAlgorithm, values: [PCRValue]) {
        self.bank = bank
        self.values = values
    }
}
