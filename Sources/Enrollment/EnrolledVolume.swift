internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Secrets
internal import TPM

/// A volume with the one token of ours that it must have.
struct EnrolledVolume {
    let device: String
    let header: LUKSHeader
    let tokenID: Int
    let token: SealedToken

    /// Reads header and token, which both come from the host: only their form is checked.
    static func read(_ device: String) throws(EnrollmentError) -> EnrolledVolume {
        let header = try VolumeHeader.read(device)
        let tokens = header.tokens(ofType: SealedToken.type)
        guard let found = tokens.first else { throw .notEnrolled }
        guard tokens.count == 1 else { throw .severalTokens(tokens.count) }
        let token = try rethrow(as: EnrollmentError.token) { () throws(TokenError) in try SealedToken(found.value) }
        return EnrolledVolume(device: device, header: header, tokenID: found.id, token: token)
    }

    /// The storage key as the token names it.
    func storageKey() throws(EnrollmentError) -> StorageKey {
        try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try StorageKey(handle: token.parent.handle, publicArea: token.parent.publicArea)
        }
    }

    /// Who approves its policies; nil where the object binds one policy for good.
    func authority() throws(EnrollmentError) -> PolicyAuthority? {
        guard let authority = token.authority else { return nil }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try PolicyAuthority(publicArea: authority.publicArea, reference: authority.reference)
        }
    }

    /// Makes policies for this token.
    ///
    /// - Parameter pcrs: what they bind; nil takes it from a policy that the authority has approved, since the host could
    ///   have written any other, or else the default.
    func policyMaker(pcrs: [Int]? = nil) throws(EnrollmentError) -> PolicyMaker {
        if let pcrs { return try policyMaker(token.policies.first?.bank ?? .sha256, pcrs) }
        for policy in token.policies {
            let maker = try policyMaker(of: policy)
            if try maker.approvedBoot(policy) != nil { return maker }
        }
        return try policyMaker(.sha256, Enrollment.defaultPCRs)
    }

    /// The maker of that policy.
    func policyMaker(of policy: SealedToken.PCRPolicy) throws(EnrollmentError) -> PolicyMaker {
        try policyMaker(policy.bank, policy.pcrs)
    }

    private func policyMaker(_ bank: DigestAlgorithm, _ pcrs: [Int]) throws(EnrollmentError) -> PolicyMaker {
        guard let selection = PCRSelection(bank: bank, indices: pcrs) else { throw .noSuchPCR }
        let authority = try authority()
        var counter: RevocationCounter?
        if let authority, let handle = token.counter {
            counter = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                try RevocationCounter(handle: handle, authority: authority)
            }
        }
        return PolicyMaker(selection: selection, authority: authority, counter: counter)
    }

    /// Puts `token` into the place of the present one. Both header copies are written one after the other, so a reader
    /// finds the old token or the new one at any time.
    func replaceToken(by token: SealedToken) throws(EnrollmentError) {
        try luks { () throws(LUKSError) in
            let volume = try LUKSVolume.open(headerAt: device)
            try volume.setToken(tokenID, to: token.json().compact)
        }
    }
}
