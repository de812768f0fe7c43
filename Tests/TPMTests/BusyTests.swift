import Foundation
import TPM
import TestSupport
import Testing

/// A response that is a code alone.
func response(_ code: UInt32) -> [UInt8] {
    [0x80, 0x01, 0, 0, 0, 10] + (0..<4).map { UInt8(truncatingIfNeeded: code >> UInt32(24 - 8 * $0)) }
}

@Suite struct BusyTests {
    // Source: TCG TPM 2.0 Library, Part 2, table 17.
    static let retryCodes: [UInt32] = [0x908, 0x90A, 0x920, 0x922]  // YIELDED, TESTING, NV_RATE, RETRY

    @Test(arguments: retryCodes)
    func asksABusyTPMAgain(_ code: UInt32) throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        // Every command is refused twice before it is answered.
        let interposer = try Interposer(before: enrolled.tpm) { number, command, ask in
            number % 3 == 2 ? ask(command) : response(code)
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        let policy = UnsealPolicy(pcrs: enrolled.selection)
        let secret = reveal(try session.unseal(enrolled.blob, policy: policy, under: enrolled.key))
        #expect(secret == enrolled.secret)
        #expect(session.commandCount == interposer.count)
        #expect(session.commandCount == 15)
    }

    @Test(arguments: retryCodes)
    func asksForAnAuthoritysCommandsAgain(_ code: UInt32) throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let interposer = try Interposer(before: authorized.tpm) { number, command, ask in
            number % 3 == 2 ? ask(command) : response(code)
        }
        let policy = try authorized.policy(limit: authorized.count)
        #expect(try authorized.unseal(policy, through: interposer.tcti) == authorized.secret)
        #expect(interposer.count == 3 * 10)
        let signature = try authorized.authority.step(authorized.counter, from: authorized.count)
        let session = try TPM.connect(tcti: interposer.tcti)
        let value = try session.stepCounter(
            authorized.counter, from: authorized.count, signature: signature, under: authorized.key)
        #expect(value == authorized.count + 1)
        #expect(try session.counterState(of: authorized.counter) == .value(value))
        #expect(try session.firstFreeHandle(in: 0x0180_5EA0...0x0180_5EA1) == 0x0180_5EA1)
        try session.undefineCounter(authorized.counter)
        try session.defineCounter(authorized.counter)
    }

    @Test func givesUpOnATPMThatStaysBusy() throws {
        let interposer = try Interposer(before: SoftwareTPM()) { _, _, _ in response(0x922) }
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        let start = Date()
        do throws(TPMError) { _ = try session.lockout() } catch { caught = error }
        let seconds = Date().timeIntervalSince(start)
        #expect(caught?.isRetry == true)
        #expect(caught?.isUnavailable == false)
        #expect(1...30 ~= seconds)
    }

    /// The kernel's IMA extends PCR 10 when it likes; the TPM then ends every policy session that names a PCR.
    @Test func startsTheSessionAnewWhenAPCRChanges() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let interposer = try Interposer(before: enrolled.tpm) { number, command, ask in
            if Interposer.code(command) == 0x15E, number < 10 { _ = ask(extendPCR10) }
            return ask(command)
        }
        #expect(try enrolled.unseal(through: interposer.tcti) == enrolled.secret)
        let unseals = interposer.exchanges.filter { Interposer.code($0.command) == 0x15E }
        #expect(unseals.count == 3)
        let changed = response(0x128)  // TPM_RC_PCR_CHANGED
        #expect(unseals.dropLast().allSatisfy { $0.reply == changed })
    }

    /// The approval is for the policy, not for the session.
    @Test func verifiesTheApprovalOnceHoweverOftenAPCRChanges() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        for change in [0x15E, 0x149, 0x16A] as [UInt32] {
            let interposer = try Interposer(before: authorized.tpm) { number, command, ask in
                if Interposer.code(command) == change, number < 17 { _ = ask(extendPCR10) }
                return ask(command)
            }
            #expect(try authorized.unseal(policy, through: interposer.tcti) == authorized.secret)
            let codes = interposer.exchanges.map { Interposer.code($0.command) }
            #expect(codes.filter { $0 == 0x15E }.count == 3)
            #expect(codes.filter { [0x157, 0x167, 0x177].contains($0) } == [0x157, 0x167, 0x177])
        }
        #expect(try authorized.isClean())
    }

    @Test func givesUpWhenPCRsNeverStopChanging() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let interposer = try Interposer(before: enrolled.tpm) { _, command, ask in
            if Interposer.code(command) == 0x15E { _ = ask(extendPCR10) }
            return ask(command)
        }
        let failure = try enrolled.failure(through: interposer.tcti)
        #expect(failure?.isPCRChange == true)
        #expect(failure?.isPolicyFailure == false)
        #expect(try enrolled.tpm.succeed("tpm2_getcap", "handles-loaded-session").text == "")
    }

    @Test func tellsLockoutApart() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let tpm = enrolled.tpm
        try tpm.succeed("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "500")
        try tpm.succeed("tpm2_createprimary", "-Q", "-C", "o", "-p", "right", "-c", "primary")
        #expect(try tpm.tool("tpm2_create", "-Q", "-C", "primary", "-P", "wrong", "-u", "u", "-r", "r").status != 0)
        try tpm.succeed("tpm2_flushcontext", "-t")
        let state = try TPM.connect(tcti: tpm.tcti).lockout()
        #expect(state.isLockedOut)
        #expect(state.failures == 1)
        #expect(state.maximumFailures == 1)
        #expect(state.intervalSeconds == 1000)
        #expect(state.recoverySeconds == 500)
        // Neither our key nor our object is subject to it.
        #expect(try enrolled.unseal() == enrolled.secret)
        let interposer = try Interposer(before: tpm) { _, command, ask in
            Interposer.code(command) == 0x157 ? response(0x921) : ask(command)
        }
        #expect(try enrolled.failure(through: interposer.tcti)?.isLockout == true)
    }

    /// The counter has noDA, and its authority's key is public.
    @Test func opensAndStepsInLockout() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let tpm = authorized.tpm
        try tpm.succeed("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "500")
        try tpm.succeed("tpm2_nvdefine", "-Q", "-C", "o", "-s", "8", "-p", "right", "0x1800001")
        #expect(try tpm.tool("tpm2_nvread", "-P", "wrong", "0x1800001").status != 0)
        #expect(try TPM.connect(tcti: tpm.tcti).lockout().isLockedOut)
        #expect(try authorized.unseal(authorized.policy(limit: authorized.count)) == authorized.secret)
        #expect(try authorized.step(from: authorized.count) == authorized.count + 1)
        let interposer = try Interposer(before: tpm) { _, command, ask in
            Interposer.code(command) == 0x149 ? response(0x921) : ask(command)
        }
        #expect(try authorized.failure(authorized.policy(limit: .max), through: interposer.tcti)?.isLockout == true)
        #expect(try authorized.isClean())
    }
}

/// TPM2_PCR_Extend of PCR 10 in the SHA-256 bank, with an empty password.
private let extendPCR10: [UInt8] =
    [0x80, 0x02, 0, 0, 0, 65, 0, 0, 0x01, 0x82, 0, 0, 0, 10]
    + [0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0]
    + [0, 0, 0, 1, 0, 0x0B] + [UInt8](repeating: 7, count: 32)
