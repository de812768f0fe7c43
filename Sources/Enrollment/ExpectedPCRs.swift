internal import Cryptography
internal import InitramfsRuntime
internal import Sealing
internal import TPM

/// The PCRs as the next boot by the same chain will show them to the unlock.
enum ExpectedPCRs {
    /// Reads the PCRs of this boot and takes the fence away again, which was extended after its unlock.
    static func read(
        _ selection: PCRSelection, fencePCR: Int, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> [PCRValue] {
        let values = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in try tpm.readPCRs(selection) }
        let zero = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.byteCount)
        let fenced = try hashing { () throws(CryptographyError) in try FenceEvent.fencedPCR() }
        var expected: [PCRValue] = []
        for value in values {
            guard value.index == fencePCR, value.digest != zero else {
                expected.append(value)
                continue
            }
            guard value.digest == fenced else { throw .fenceUnexplained(pcr: fencePCR, value: value.digest) }
            expected.append(PCRValue(index: fencePCR, digest: zero))
        }
        return expected
    }
}
