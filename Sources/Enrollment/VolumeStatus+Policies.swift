internal import BoundedBytes
internal import SealedFormat
internal import Sealing
internal import TPM

extension VolumeStatus {
    /// Which policy the next boot meets, or how it misses the one that it is nearest to.
    mutating func judge(
        _ volume: EnrolledVolume, _ maker: PolicyMaker, _ count: UInt64?, _ next: ExpectedBoot?
    ) throws(EnrollmentError) {
        var live: [SealedToken.PCRPolicy] = []
        for policy in volume.token.policies {
            let isLive = try isLive(policy, maker, count)
            policies.append(Policy(label: policy.label, pcrs: policy.pcrs, count: policy.count, isLive: isLive))
            if isLive { live.append(policy) }
        }
        guard !live.isEmpty else {
            obstacles.append(Obstacle(area: "token", detail: "no boot is approved: run 'sealroot reseal'"))
            return
        }
        guard let next else { return }
        for policy in live where try maker.draft(next, limit: policy.count).digest == policy.digest {
            self.policy = policy.label
            return
        }
        obstacles.append(Obstacle(area: "boot", detail: Self.difference(next, from: live)))
    }

    private func isLive(
        _ policy: SealedToken.PCRPolicy, _ maker: PolicyMaker, _ count: UInt64?
    ) throws(EnrollmentError) -> Bool {
        guard maker.authority != nil else { return true }
        guard try maker.approvedBoot(policy) != nil else { return false }
        guard maker.counter != nil else { return true }
        guard let count, let limit = policy.count else { return false }
        return count <= limit
    }

    /// In words, what differs from the policy with the fewest differences.
    private static func difference(_ next: ExpectedBoot, from live: [SealedToken.PCRPolicy]) -> String {
        let changes = live.map { policy in
            policy.values.filter { value in
                next.values.contains { $0.index == value.pcr && $0.digest != value.digest }
            }.map(\.pcr)
        }
        let nearest = changes.indices.min { changes[$0].count < changes[$1].count }
        guard let nearest, !changes[nearest].isEmpty else { return "the next boot meets no policy" }
        let words = changes[nearest].map { "PCR \($0) (\(PCRContent.describe($0)))" }
        return "the next boot is not approved: it differs from '\(Printable.escape(live[nearest].label))' in "
            + words.joined(separator: ", ") + ": run 'sealroot reseal'"
    }
}
