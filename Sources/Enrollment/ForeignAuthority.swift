internal import Cryptography
internal import InitramfsRuntime
internal import SealedFormat
public import TPM

/// Approvals by an authority whose key is not here: what to sign, and what to do with the signature.
extension Resealing {
    /// What the authority has to sign so that `boot` unlocks.
    ///
    /// - Parameters:
    ///   - pcrs: what the policy binds; nil as those that are there.
    ///   - limit: the highest value of the counter under which it holds; nil for the present one.
    public func request(
        _ boot: ExpectedBoot, pcrs: [Int]? = nil, limit: UInt64? = nil, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> PolicyRequest {
        let volume = try EnrolledVolume.read(device)
        let maker = try volume.policyMaker(pcrs: pcrs)
        guard let authority = maker.authority else { throw .notResealable }
        guard maker.selection.indices.contains(fencePCR) else { throw .fenceNotBound(fencePCR) }
        var count: UInt64?
        if maker.counter != nil {
            count = limit
            if count == nil { count = try self.count(maker, volume, tpm) }
        }
        let values = boot.values.filter { maker.selection.indices.contains($0.index) }
        let bound = ExpectedBoot(label: boot.label, values: values)
        let digest = try maker.draft(bound, limit: count).digest
        return PolicyRequest(
            .boot(bound, bank: maker.selection.bank, limit: count), message: authority.message(approving: digest))
    }

    /// What the authority has to sign so that the counter moves on by one.
    public func stepRequest(_ tpm: borrowing TPM) throws(EnrollmentError) -> PolicyRequest {
        let volume = try EnrolledVolume.read(device)
        guard let counter = try volume.policyMaker().counter else { throw .noCounter }
        let value = try CounterSteps.present(counter, over: volume.storageKey(), tpm)
        return PolicyRequest(.step(from: value), message: try CounterSteps.message(counter, value))
    }

    /// Does what `request` asked for, once `signature` (r and s of 32 bytes each) proves the authority's approval.
    public func fulfil(
        _ request: PolicyRequest, signature: [UInt8], _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> Result {
        let lock = try locked()
        defer { withExtendedLifetime(lock) {} }
        let volume = try EnrolledVolume.read(device)
        switch request.subject {
        case .boot(let boot, let bank, let limit):
            guard let selection = PCRSelection(bank: bank, indices: boot.values.map { $0.index }),
                selection.indices.contains(fencePCR)
            else { throw .fenceNotBound(fencePCR) }
            let present = try volume.policyMaker()
            let maker = PolicyMaker(selection: selection, authority: present.authority, counter: present.counter)
            var policy = try maker.draft(boot, limit: limit)
            policy.signature = signature
            guard (limit == nil) == (maker.counter == nil), try maker.approvedBoot(policy) != nil else {
                throw .approvalInvalid
            }
            let count = try count(maker, volume, tpm)
            let others = try approved(volume, from: count).filter { $0.digest != policy.digest }
            return try write(needed: [policy], spare: others, to: volume, count: count)
        case .step(let value):
            guard let counter = try volume.policyMaker().counter else { throw .noCounter }
            let new = try CounterSteps.step(
                counter, from: value, signature: signature, over: volume.storageKey(), tpm)
            return try write(needed: [], spare: approved(volume, from: new), to: volume, count: new)
        }
    }
}
