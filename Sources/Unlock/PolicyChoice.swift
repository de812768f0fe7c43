internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import SealedFormat
internal import TPM

/// Which of a token's policies holds for the PCRs as they are; the TPM is not asked about any other.
struct PolicyChoice {
    let token: SealedToken
    let configuration: GuestConfiguration

    /// - Parameter known: PCRs of the SHA-256 bank that were read before.
    func policy(_ known: [PCRValue], _ tpm: borrowing TPM) throws(UnlockFailure) -> UnsealPolicy {
        let authority = try authority()
        let counter = try counter(authority)
        var best: (policy: UnsealPolicy, count: UInt64)?
        var changes: [ChangedPCR] = []
        for policy in token.policies {
            guard policy.pcrs.contains(configuration.fencePCR) else {
                throw .policyWithoutFence(configuration.fencePCR)
            }
            let selection = PCRSelection(bank: policy.bank, indices: policy.pcrs)
            guard let selection else { throw .token(TokenError("tpm2.policies", .value("pcrs"))) }
            let values = try values(selection, known, tpm)
            var limit: UnsealPolicy.CounterLimit?
            if let counter, let count = policy.count { limit = .init(counter: counter, limit: count) }
            guard try digest(selection, values, limit) == policy.digest else {
                if changes.isEmpty { changes = ChangedPCR.changes(from: policy, to: values) }
                continue
            }
            // Of several for the same boot the youngest is the one that the counter leaves behind last.
            if let best, best.count >= policy.count ?? 0 { continue }
            var approval: Approval?
            if let authority, let signature = policy.signature {
                approval = try self.tpm { () throws(TPMError) in
                    try Approval(authority: authority, policyDigest: policy.digest, signature: signature)
                }
            }
            best = (UnsealPolicy(pcrs: selection, counter: limit, approval: approval), policy.count ?? 0)
        }
        guard let best else { throw .measurements(changes) }
        return best.policy
    }

    /// The one who approves; the configuration, which is measured, has the last word on who that may be.
    private func authority() throws(UnlockFailure) -> PolicyAuthority? {
        var authority: PolicyAuthority?
        if let written = token.authority {
            authority = try tpm { () throws(TPMError) in
                try PolicyAuthority(publicArea: written.publicArea, reference: written.reference)
            }
        }
        if let expected = configuration.authorityName, expected != authority?.name {
            throw .otherAuthority(
                expected: Hexadecimal.encode(expected), found: authority.map { Hexadecimal.encode($0.name) } ?? "nobody"
            )
        }
        return authority
    }

    private func counter(_ authority: PolicyAuthority?) throws(UnlockFailure) -> RevocationCounter? {
        guard let authority, let handle = token.counter else { return nil }
        return try tpm { () throws(TPMError) in try RevocationCounter(handle: handle, authority: authority) }
    }

    private func values(
        _ selection: PCRSelection, _ known: [PCRValue], _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> [PCRValue] {
        let found = selection.bank == .sha256 ? known.filter { selection.indices.contains($0.index) } : []
        guard found.count != selection.indices.count else { return found }
        do throws(TPMError) { return try tpm.readPCRs(selection) } catch { throw .tpm(error) }
    }

    private func digest(
        _ selection: PCRSelection, _ values: [PCRValue], _ limit: UnsealPolicy.CounterLimit?
    ) throws(UnlockFailure) -> [UInt8] {
        try tpm { () throws(TPMError) in
            let digest = try PolicyDigest.pcr(selection, values)
            guard let limit else { return digest }
            return try PolicyDigest.counter(atMost: limit.limit, of: limit.counter, after: digest)
        }
    }

    private func tpm<Value>(_ body: () throws(TPMError) -> Value) throws(UnlockFailure) -> Value {
        do throws(TPMError) { return try body() } catch { throw .tpm(error) }
    }
}
