import TPM
import TestSupport
import Testing

/// What the transport can do to the commands of authorities and counters.
@Suite struct HostileCounterTests {
    /// The first reply to each of `commands` is cut at every length, lengthened, and spoilt in every byte. What comes
    /// out is an error that says so, or what should.
    private func spoil(_ tpm: SoftwareTPM, _ commands: Set<UInt32>, _ body: (String) throws -> Bool) throws {
        let plain = try Interposer(before: tpm)
        #expect(try body(plain.tcti))
        var left = commands
        for (target, exchange) in plain.exchanges.enumerated() {
            let code = Interposer.code(exchange.command)
            guard left.remove(code) != nil else { continue }
            for length in Array(0...exchange.reply.count + 1) where length != exchange.reply.count {
                let error = try refusal {
                    _ = try body(
                        Self.interposer(tpm, target) { reply in
                            var cut = Array((reply + [0]).prefix(length))
                            if length >= 6 { cut.replaceSubrange(2..<6, with: response(UInt32(length)).suffix(4)) }
                            return cut
                        }.tcti)
                }
                #expect(
                    error?.isMalformedReply == true || error?.isUnavailable == true,
                    "reply to \(code) cut to \(length): \(String(describing: error))")
                try tpm.succeed("tpm2_flushcontext", "-t", "-l")
            }
            for offset in exchange.reply.indices {
                let interposer = try Self.interposer(tpm, target) { reply in
                    var spoilt = reply
                    if offset < spoilt.count { spoilt[offset] ^= 0xFF }
                    return spoilt
                }
                var isRight = true
                _ = try refusal { isRight = try body(interposer.tcti) }
                #expect(isRight, "byte \(offset) of the reply to \(code)")
                try tpm.succeed("tpm2_flushcontext", "-t", "-l")
            }
        }
        #expect(left.isEmpty)
        #expect(try body(plain.tcti))
    }

    private static func interposer(
        _ tpm: SoftwareTPM, _ target: Int, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) throws -> Interposer {
        try Interposer(before: tpm) { number, command, ask in
            guard number == target else { return ask(command) }
            let changed = change(ask(command))
            return changed.isEmpty ? nil : changed
        }
    }

    @Test func neverOpensAnythingButTheSecret() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        // LoadExternal, VerifySignature, PolicyNV, PolicyAuthorize.
        try spoil(authorized.tpm, [0x167, 0x177, 0x149, 0x16A]) { tcti in
            try authorized.unseal(policy, through: tcti) == authorized.secret
        }
    }

    @Test func neverTellsAValueThatTheCounterDoesNotHave() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let (tpm, counter) = (authorized.tpm, authorized.counter)
        // NV_Increment, NV_Read, PolicyCommandCode.
        try spoil(tpm, [0x134, 0x14E, 0x16C]) { tcti in
            guard case .value(let before) = try TPM.connect(tcti: tpm.tcti).counterState(of: counter) else {
                return false
            }
            let signature = try authorized.authority.step(counter, from: before)
            let session = try TPM.connect(tcti: tcti)
            let after = try session.stepCounter(counter, from: before, signature: signature, under: authorized.key)
            return after == before + 1
        }
    }

    @Test func defineAndRemoveOrSayThatTheyDidNot() throws {
        let tpm = try SoftwareTPM()
        let authority = try Authority()
        let counter = try RevocationCounter(handle: 0x0180_5EA0, authority: authority.authority)
        let signature = try authority.step(counter, from: nil)
        // NV_UndefineSpace, NV_DefineSpace, NV_Read, NV_ReadPublic, GetCapability, PolicyNvWritten.
        try spoil(tpm, [0x122, 0x12A, 0x14E, 0x169, 0x17A, 0x18F]) { tcti in
            _ = try tpm.tool("tpm2_nvundefine", "-C", "o", "0x1805EA0")
            let session = try TPM.connect(tcti: tcti)
            // Nobody else reads the list of handles; nothing authenticates it.
            _ = try session.firstFreeHandle(in: 0x0180_5EA0...0x0180_5EAF)
            try session.defineCounter(counter)
            _ = try session.stepCounter(counter, from: nil, signature: signature, under: nil)
            try session.undefineCounter(counter)
            return true
        }
    }

    @Test func forgesNoValueForWhoAsksWithAKey() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        // A second counter of the same authority, with another value.
        let other = try RevocationCounter(handle: 0x0180_5EA1, authority: authorized.authority.authority)
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        try session.defineCounter(other)
        let first = try authorized.authority.step(other, from: nil)
        let one = try session.stepCounter(other, from: nil, signature: first, under: nil)
        let second = try authorized.authority.step(other, from: one)
        let value = try session.stepCounter(other, from: one, signature: second, under: nil)
        #expect(value != authorized.count)
        let interposer = try Interposer(before: authorized.tpm) { _, command, ask in
            guard Interposer.code(command) == 0x14E else { return ask(command) }
            // NV_Read, of the other index.
            var command = command
            command.replaceSubrange(10..<18, with: [1, 0x80, 0x5E, 0xA1, 1, 0x80, 0x5E, 0xA1])
            return ask(command)
        }
        let misled = try TPM.connect(tcti: interposer.tcti)
        // The control: without a key nobody notices.
        #expect(try misled.counterState(of: authorized.counter) == .value(value))
        let error = try refusal { _ = try misled.counterState(of: authorized.counter, under: authorized.key) }
        #expect(error?.isForeignCounter == true)
        #expect(try authorized.isClean())
    }

    /// PolicyNV with another operand, operation or index than the guest asked for.
    @Test func comparesNothingElseThanWasAskedFor() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let old = try authorized.policy(limit: authorized.count)
        // A second counter of the same authority stays where this one was.
        let other = try RevocationCounter(handle: 0x0180_5EA1, authority: authorized.authority.authority)
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        try session.defineCounter(other)
        let first = try authorized.authority.step(other, from: nil)
        #expect(try session.stepCounter(other, from: nil, signature: first, under: nil) == authorized.count)
        _ = try authorized.step(from: authorized.count)
        #expect(try authorized.failure(old)?.isRevoked == true)
        // Header, three handles, 4 + 9 bytes of a password session, operand with its size, offset, operation.
        let changes: [(Int, [UInt8])] = [
            (10, [1, 0x80, 0x5E, 0xA1, 1, 0x80, 0x5E, 0xA1]),
            (37, [UInt8](repeating: 0xFF, count: 8)),
            (47, [0, 1]),  // TPM_EO_NEQ
        ]
        for (offset, bytes) in changes {
            let interposer = try Interposer(before: authorized.tpm) { _, command, ask in
                guard Interposer.code(command) == 0x149 else { return ask(command) }
                var command = command
                command.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                return ask(command)
            }
            let error = try authorized.failure(old, through: interposer.tcti)
            #expect(error?.call == .policyAuthorize, "\(offset): \(String(describing: error))")
            #expect(error?.isUnapproved == true)
        }
        #expect(try authorized.isClean())
    }

    @Test func swallowsNoStepForWhoStepsWithAKey() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let signature = try authorized.authority.step(authorized.counter, from: authorized.count)
        // An answer of an earlier step, or one without a session's HMAC.
        let plain: [UInt8] = [0x80, 0x02, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let interposer = try Interposer(before: authorized.tpm) { _, command, ask in
            Interposer.code(command) == 0x134 ? plain : ask(command)
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        let error = try refusal {
            _ = try session.stepCounter(
                authorized.counter, from: authorized.count, signature: signature, under: authorized.key)
        }
        #expect(error?.call == .increment)
        #expect(error?.isMalformedReply == true)
        #expect(try session.counterState(of: authorized.counter) == .value(authorized.count))
        #expect(try authorized.isClean())
    }

    /// A ticket that the transport made itself for a signature that is none.
    @Test func takesNoForgedTicket() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let policy = try authorized.policy(limit: authorized.count)
        let approval = try #require(policy.approval)
        let plain = try Interposer(before: authorized.tpm)
        #expect(try authorized.unseal(policy, through: plain.tcti) == authorized.secret)
        let real = try #require(plain.exchanges.first { Interposer.code($0.command) == 0x177 }).reply
        let forged = try Approval(
            authority: approval.authority, policyDigest: randomBytes(32), signature: approval.signature)
        // The ticket of another policy, one of zeros, and an empty one, as trial sessions take it.
        let zeros = real.prefix(18) + [UInt8](repeating: 0, count: real.count - 18)
        let empty: [UInt8] = [0x80, 0x01, 0, 0, 0, 18, 0, 0, 0, 0, 0x80, 0x22, 0x40, 0, 0, 7, 0, 0]
        for ticket in [real, Array(zeros), empty] {
            let interposer = try Interposer(before: authorized.tpm) { _, command, ask in
                Interposer.code(command) == 0x177 ? ticket : ask(command)
            }
            let error = try authorized.failure(policy.approved(forged), through: interposer.tcti)
            #expect(error?.call == .policyAuthorize)
            #expect(error?.isUnapproved == true)
        }
        #expect(try authorized.isClean())
    }
}
