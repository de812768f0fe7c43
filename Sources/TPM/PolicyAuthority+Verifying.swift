public import Cryptography

extension PolicyAuthority {
    /// The key, for whoever checks an approval without a TPM; nil where its point is not on the curve.
    public var key: VerifyingKey? { VerifyingKey(x: Array(publicArea[24..<56]), y: Array(publicArea[58..<90])) }

    /// Whether `signature` (r and s, 32 bytes each) approves the policy.
    public func approves(_ policyDigest: [UInt8], signature: [UInt8]) -> Bool {
        key?.isValid(signature, for: message(approving: policyDigest)) ?? false
    }
}
