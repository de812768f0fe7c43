internal import BoundedBytes
internal import Cryptography

/// Policies as a SHA-256 session computes them, without a TPM.
public enum PolicyDigest {
    /// The 32-byte digest of a policy that is PolicyPCR alone.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, section 23.7: H(0³² ‖ TPM_CC_PolicyPCR ‖ TPML_PCR_SELECTION ‖
    /// H(the values, in ascending order of PCR)), all integers big-endian.
    /// - Throws: `.selection` where `values` are not those of `selection`, in its order.
    public static func pcr(_ selection: PCRSelection, _ values: [PCRValue]) throws(TPMError) -> [UInt8] {
        guard values.map({ $0.index }) == selection.indices,
            values.allSatisfy({ $0.digest.count == selection.bank.byteCount })
        else { throw TPMError(.policyDigest, .selection) }
        var policy = ByteWriter()
        policy.append([UInt8](repeating: 0, count: 32))
        policy.bigEndian(UInt32(0x0000_017F))
        policy.bigEndian(UInt32(1))
        policy.bigEndian(selection.bank.identifier)
        policy.append([3])
        policy.append(selection.bitmap)
        policy.append(try sha256(values.flatMap { $0.digest }, .policyDigest))
        return try sha256(policy.bytes, .policyDigest)
    }
}

/// SHA-256 with this module's error.
func sha256(_ bytes: [UInt8], _ call: TPMError.Call) throws(TPMError) -> [UInt8] {
    do throws(CryptographyError) { return try DigestAlgorithm.sha256.hash(bytes) } catch {
        throw TPMError(call, .cryptography)
    }
}
