internal import BoundedBytes
public import Cryptography
internal import InitramfsRuntime
internal import Secrets
internal import Synchronization

/// The vTPM that the SVSM runs: swtpm, behind one lock. Any thread may give it commands.
///
/// What it answers goes to the guest as it is. Once swtpm has ended, each further command fails with the reason: a TPM
/// that came back by itself would have forgotten what was measured.
public final class VirtualTPM: TPMTransport {
    private struct State: ~Copyable {
        var link: SoftwareTPMLink?
        /// Why there is no link any more.
        var failure: SVSMError?
    }

    private let state: Mutex<State>
    /// Number of the process, for messages.
    public let processNumber: Int32

    init(_ link: consuming SoftwareTPMLink) {
        processNumber = link.process
        state = Mutex(State(link: consume link))
    }

    /// Sends one command and returns the response. Both are whole, with their headers.
    ///
    /// - Throws: `.frame` where `command` is none, `.ended` or `.silent` where swtpm failed.
    public func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        try TPMFrame.check(command)
        return try state.withLock { (state) throws(SVSMError) in
            if let failure = state.failure { throw failure }
            do throws(SVSMError) {
                guard let response = try state.link?.exchange(command) else { throw .ended(status: 0, message: "") }
                return response
            } catch {
                // Nobody could tell which command the next answer is for.
                state.failure = error
                state.link = nil
                throw error
            }
        }
    }

    /// Measures as firmware does: extends one PCR.
    ///
    /// - Parameter digests: one for each bank.
    public func extend(
        _ pcr: UInt32, _ digests: [(algorithm: DigestAlgorithm, bytes: [UInt8])]
    ) throws(SVSMError) {
        _ = try perform("TPM2_PCR_Extend", TPMCommand.extend(pcr, digests))
    }

    /// Ends the TPM as a firmware does that switches the power off, and waits until its state is written.
    public func close() {
        state.withLock { state in
            if state.failure == nil {
                // An unorderly end costs at most a count of the lockout.
                do throws(SVSMError) { _ = try state.link?.exchange(TPMCommand.shutDown) } catch {
                    state.failure = error
                }
            }
            state.link = nil
            if state.failure == nil { state.failure = .ended(status: 0, message: "it was switched off") }
        }
    }

    /// Gives a command of the SVSM's own and returns what follows the header of a successful response.
    func perform(_ name: String, _ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        let response = try exchange(command)
        let code = TPMFrame.code(response)
        guard code == 0 else { throw .command(name, code: code) }
        return Array(response[TPMFrame.headerByteCount...])
    }
}
