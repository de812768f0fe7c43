internal import Cryptography
internal import InitramfsRuntime
internal import Sealing
public import TPM

/// The fence: one more event in a PCR that every policy binds, so that this boot cannot unseal again.
///
/// Source: architecture, sections 2 and 4.4.
public enum Fence {
    /// Extends PCR `index` in every bank, and then what `record` holds. The answers are authenticated by `key`,
    /// so that the transport cannot swallow the fence; nor is it asked whether it is needed.
    ///
    /// - Parameter session: one that is salted to `key`. Where it is lost, another takes its place: extending the fence
    ///   twice does no harm.
    static func close(
        _ index: Int, of tpm: borrowing TPM, over key: StorageKey, _ session: AuthenticatedSession?,
        thenRecording record: [Measurement]
    ) throws(FenceError) {
        let fence = Measurement(pcr: index, event: FenceEvent.bytes)
        do throws(TPMError) {
            if let session {
                if (try? tpm.measure([fence] + record, over: session)) != nil { return }
            }
            _ = try tpm.measure([fence] + record, over: key)
        } catch { throw .tpm(error) }
    }

    /// Extends PCR `index` in every bank, for want of a key without authentication. Where it holds the fence and
    /// nothing else already, nothing is left to do; where it holds other measurements it is extended again,
    /// which does no harm.
    public static func extend(_ index: Int, of tpm: borrowing TPM) throws(FenceError) {
        guard let selection = PCRSelection(bank: .sha256, indices: [index]) else { throw .noSuchPCR(index) }
        let value = try rethrow(as: FenceError.tpm) { () throws(TPMError) in try tpm.readPCRs(selection) }
        let fenced = try rethrow(as: FenceError.cryptography) { () throws(CryptographyError) in
            try FenceEvent.fencedPCR()
        }
        guard value.first?.digest != fenced else { return }
        _ = try rethrow(as: FenceError.tpm) { () throws(TPMError) in
            try tpm.measure(FenceEvent.bytes, into: index)
        }
    }
}
