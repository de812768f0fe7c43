import TPM
import TestSupport
import Testing

/// Nothing transient stays in the TPM, wherever it fails.
@Suite struct CleanlinessTests {
    /// TPM_RC_FAILURE, TPM_RC_MEMORY.
    static let codes: [UInt32] = [0x101, 0x904]

    /// Refuses one command after the other, each on a connection of its own.
    private func refuseEach(
        of authorized: Authorized, _ code: UInt32, _ body: (borrowing TPM) throws -> Void
    ) throws {
        let plain = try Interposer(before: authorized.tpm)
        try body(TPM.connect(tcti: plain.tcti))
        #expect(plain.count > 4)
        for (target, exchange) in plain.exchanges.enumerated() {
            let interposer = try Interposer(before: authorized.tpm) { number, command, ask in
                number == target ? response(code) : ask(command)
            }
            let error = try refusal { try body(TPM.connect(tcti: interposer.tcti)) }
            // Flushing alone may fail, and is tried again.
            #expect((error == nil) == (Interposer.code(exchange.command) == 0x165), "command \(target)")
            #expect(try authorized.isClean(), "command \(target)")
        }
    }

    @Test(arguments: codes)
    func unsealingLeavesNothing(_ code: UInt32) throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        try refuseEach(of: authorized, code) { tpm in
            let secret = reveal(try tpm.unseal(authorized.blob, policy: policy, under: authorized.key))
            #expect(secret == authorized.secret)
        }
    }

    @Test(arguments: codes)
    func steppingLeavesNothing(_ code: UInt32) throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        try refuseEach(of: authorized, code) { tpm in
            let trusted = try TPM.connect(tcti: authorized.tpm.tcti)
            guard case .value(let count) = try trusted.counterState(of: authorized.counter) else {
                Issue.record("no counter")
                return
            }
            _ = try tpm.stepCounter(
                authorized.counter, from: count, signature: authorized.authority.step(authorized.counter, from: count),
                under: authorized.key)
            _ = try tpm.counterState(of: authorized.counter, under: authorized.key)
        }
    }

    @Test func sealingAndMakingKeysLeaveNothing() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try PolicyDigest.authorized(by: authorized.authority.authority)
        try refuseEach(of: authorized, 0x101) { tpm in
            _ = try authorized.tpm.tool("tpm2_evictcontrol", "-C", "o", "-c", "0x81000003")
            let key = try tpm.createStorageKey(at: 0x8100_0003)
            _ = try tpm.seal(makeSecret([1, 2, 3]), policyDigest: policy, under: key)
        }
    }
}
