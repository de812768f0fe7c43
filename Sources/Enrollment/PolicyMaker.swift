internal import Cryptography
internal import InitramfsRuntime
internal import SealedFormat
public import TPM

/// A boot that shall unlock the volume, and what it leaves in the PCRs before `sealroot-init` starts.
public struct ExpectedBoot: Equatable, Sendable {
    /// For people, such as `next boot` or a kernel's version.
    public let label: String
    /// At least those that the policies bind; in any order.
    public let values: [PCRValue]

    public init(label: String, values: [PCRValue]) {
        self.label = label
        self.values = values
    }
}

/// Makes the policies of one token: they all bind the same PCRs, under the same authority and counter.
struct PolicyMaker {
    let selection: PCRSelection
    let authority: PolicyAuthority?
    let counter: RevocationCounter?

    private static let longestLabel = 128

    /// The policy without its signature.
    ///
    /// - Parameter limit: the highest value of the counter under which it holds; only where there is a counter.
    func draft(_ boot: ExpectedBoot, limit: UInt64?) throws(EnrollmentError) -> SealedToken.PCRPolicy {
        let values = selection.indices.compactMap { index in boot.values.first { $0.index == index } }
        let digest = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            let digest = try PolicyDigest.pcr(selection, values)
            guard let counter, let limit else { return digest }
            return try PolicyDigest.counter(atMost: limit, of: counter, after: digest)
        }
        return SealedToken.PCRPolicy(
            label: Self.shortened(boot.label), bank: selection.bank, pcrs: selection.indices, digest: digest,
            values: values.map { .init(pcr: $0.index, digest: $0.digest) }, count: counter == nil ? nil : limit)
    }

    func signed(
        _ boot: ExpectedBoot, limit: UInt64?, by key: borrowing SigningKey
    ) throws(EnrollmentError) -> SealedToken.PCRPolicy {
        var policy = try draft(boot, limit: limit)
        policy.signature = try signature(of: policy, by: key)
        return policy
    }

    /// The boot that a policy of the disk approves; nil unless the authority did approve these very values.
    ///
    /// Who signs it again must know that: the values come from the host.
    func approvedBoot(_ policy: SealedToken.PCRPolicy) throws(EnrollmentError) -> ExpectedBoot? {
        guard policy.bank == selection.bank, policy.pcrs == selection.indices,
            policy.values.map(\.pcr) == selection.indices, let authority, let signature = policy.signature
        else { return nil }
        let boot = ExpectedBoot(
            label: policy.label, values: policy.values.map { PCRValue(index: $0.pcr, digest: $0.digest) })
        let digest = try draft(boot, limit: policy.count).digest
        guard digest == policy.digest, authority.approves(digest, signature: signature) else { return nil }
        return boot
    }

    private func signature(
        of policy: SealedToken.PCRPolicy, by key: borrowing SigningKey
    ) throws(EnrollmentError) -> [UInt8]? {
        guard let authority else { return nil }
        return try hashing { () throws(CryptographyError) in
            try key.sign(authority.message(approving: policy.digest))
        }
    }

    private static func shortened(_ label: String) -> String {
        var label = label
        while label.utf8.count > longestLabel { label.removeLast() }
        return label
    }
}
