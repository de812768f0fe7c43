internal import BoundedBytes
internal import Cryptography

/// Policies as a SHA-256 session computes them, without a TPM. All integers are big-endian.
public enum PolicyDigest {
    /// The 32-byte digest of a policy that is PolicyPCR alone.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, section 23.7: H(0³² ‖ TPM_CC_PolicyPCR ‖ TPML_PCR_SELECTION ‖
    /// H(the values, in ascending order of PCR)).
    /// - Throws: `.selection` where `values` are not those of `selection`, in its order.
    public static func pcr(_ selection: PCRSelection, _ values: [PCRValue]) throws(TPMError) -> [UInt8] {
        guard values.map({ $0.index }) == selection.indices,
            values.allSatisfy({ $0.digest.count == selection.bank.byteCount })
        else { throw TPMError(.policyDigest, .selection) }
        var arguments = ByteWriter()
        arguments.bigEndian(UInt32(1))
        arguments.bigEndian(selection.bank.identifier)
        arguments.append([3])
        arguments.append(selection.bitmap)
        arguments.append(try sha256(values.flatMap { $0.digest }, .policyDigest))
        return try extend(start, by: Command.policyPCR, arguments.bytes)
    }

    /// `policy` (32 bytes), and then PolicyNV: the counter is at most `limit`, unsigned.
    public static func counter(
        atMost limit: UInt64, of counter: RevocationCounter, after policy: [UInt8]
    ) throws(TPMError) -> [UInt8] {
        guard policy.count == 32 else { throw TPMError(.policyDigest, .policySize) }
        return try compare(counter, limit, .unsignedLessOrEqual, after: policy)
    }

    /// What the counter's authority approves to let it be stepped once: PolicyNV (the counter is exactly `value`), or
    /// PolicyNvWritten (it was never stepped) for nil; then PolicyCommandCode (TPM2_NV_Increment).
    public static func step(of counter: RevocationCounter, from value: UInt64?) throws(TPMError) -> [UInt8] {
        let condition =
            if let value {
                try compare(counter, value, .equal, after: start)
            } else {
                try extend(start, by: Command.policyNVWritten, [0])
            }
        var code = ByteWriter()
        code.bigEndian(Command.increment)
        return try extend(condition, by: Command.policyCommandCode, code.bytes)
    }

    /// Whatever `authority` approves, for its reference.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, sections 23.2.3 (PolicyUpdate) and 23.16 (TPM2_PolicyAuthorize).
    public static func authorized(by authority: PolicyAuthority) throws(TPMError) -> [UInt8] {
        let named = try extend(start, by: Command.policyAuthorize, authority.name)
        return try sha256(named + authority.reference, .policyDigest)
    }

    /// TPM_EO. Source: TCG TPM 2.0 Library, Part 2, section 6.8.
    enum Comparison: UInt16 {
        case equal = 0
        case unsignedLessOrEqual = 9
    }

    private typealias Command = ResponseFrame.Command

    /// Source: TCG TPM 2.0 Library, Part 3, section 23.9: H(policy ‖ TPM_CC_PolicyNV ‖ H(operand ‖ offset ‖ operation) ‖
    /// the index's name).
    private static func compare(
        _ counter: RevocationCounter, _ value: UInt64, _ comparison: Comparison, after policy: [UInt8]
    ) throws(TPMError) -> [UInt8] {
        var arguments = ByteWriter()
        arguments.bigEndian(value)
        arguments.bigEndian(UInt16(0))
        arguments.bigEndian(comparison.rawValue)
        return try extend(policy, by: Command.policyNV, sha256(arguments.bytes, .policyDigest) + counter.name)
    }

    /// The policy of a session that has just begun.
    private static let start = [UInt8](repeating: 0, count: 32)

    /// H(policy ‖ TPM_CC ‖ arguments).
    private static func extend(
        _ policy: [UInt8], by command: UInt32, _ arguments: [UInt8]
    ) throws(TPMError) -> [UInt8] {
        var extended = ByteWriter()
        extended.append(policy)
        extended.bigEndian(command)
        extended.append(arguments)
        return try sha256(extended.bytes, .policyDigest)
    }
}

/// SHA-256 with this module's error.
func sha256(_ bytes: [UInt8], _ call: TPMError.Call) throws(TPMError) -> [UInt8] {
    do throws(CryptographyError) { return try DigestAlgorithm.sha256.hash(bytes) } catch {
        throw TPMError(call, .cryptography)
    }
}
