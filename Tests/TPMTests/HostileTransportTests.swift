import TPM
import TestSupport
import Testing

@Suite struct HostileTransportTests {
    @Test(arguments: ["swtpm:path=/nonexistent/tpm", "device:/dev/none", "nonsense", "swtpm:", ""])
    func saysThatNoTPMIsThere(_ tcti: String) {
        var caught: TPMError?
        do throws(TPMError) { _ = try TPM.connect(tcti: tcti).lockout() } catch { caught = error }
        #expect(caught?.isUnavailable == true)
        #expect(caught?.isMalformedReply == false)
    }

    @Test func saysThatATPMWasNotStarted() throws {
        let interposer = try Interposer(before: SoftwareTPM()) { _, _, _ in response(0x100) }  // TPM_RC_INITIALIZE
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.lockout() } catch { caught = error }
        #expect(caught?.isUnavailable == true)
    }

    /// Spoils one byte, in turn, of every reply of an unseal. It may fail, or do what it should; it may not crash
    /// and not return another secret.
    @Test(arguments: [0xFF, 0x01] as [UInt8])
    func neverReturnsAnythingButTheSecret(_ flip: UInt8) throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let plain = try Interposer(before: enrolled.tpm)
        #expect(try enrolled.unseal(through: plain.tcti) == enrolled.secret)
        for (target, exchange) in plain.exchanges.enumerated() {
            for offset in 0..<exchange.reply.count {
                let interposer = try Interposer(before: enrolled.tpm) { number, command, ask in
                    var reply = ask(command)
                    if number == target, offset < reply.count { reply[offset] ^= flip }
                    return reply
                }
                let isUnseal = Interposer.code(exchange.command) == 0x15E
                do {
                    #expect(try enrolled.unseal(through: interposer.tcti) == enrolled.secret)
                    #expect(!isUnseal, "byte \(offset) of the unseal's reply")
                } catch { #expect(error is TPMError) }
                try enrolled.tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
            }
        }
        #expect(try enrolled.unseal() == enrolled.secret)
    }

    @Test func refusesRepliesOfEveryWrongLength() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let plain = try Interposer(before: enrolled.tpm)
        #expect(try enrolled.unseal(through: plain.tcti) == enrolled.secret)
        for (target, exchange) in plain.exchanges.enumerated() {
            for length in [0, 1, 9, 10, 11, 14, 20, 40, 60, 4000, 4090, 5000, 70000] {
                let interposer = try Interposer(before: enrolled.tpm) { number, command, ask in
                    var reply = ask(command)
                    guard number == target else { return reply }
                    reply = Array((reply + [UInt8](repeating: 0, count: 70000)).prefix(length))
                    if length >= 10 { reply.replaceSubrange(2..<6, with: response(UInt32(length)).suffix(4)) }
                    return reply.isEmpty ? nil : reply
                }
                let failure = try enrolled.failure(through: interposer.tcti)
                let isRefused = failure?.isMalformedReply == true || failure?.isUnavailable == true
                // At the last command, TPM2_FlushContext, the secret is already there.
                let isRight = exchange.reply.count == length || Interposer.code(exchange.command) == 0x165
                #expect(
                    isRight ? failure == nil : isRefused,
                    "reply \(target) with \(length) bytes: \(String(describing: failure))")
                try enrolled.tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
            }
        }
    }

    /// tpm2-tss itself waits for ever on 9, and takes layer numbers from the wire for its own.
    @Test(arguments: [1, 9, 0x7F, 0xA0009, 0x70009, 0xFF0000, 0xFFFF_FFFF, 0x8000_0000, 0xC0009] as [UInt32])
    func refusesCodesThatNoTPMSends(_ code: UInt32) throws {
        let interposer = try Interposer(before: SoftwareTPM()) { _, _, _ in response(code) }
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.lockout() } catch { caught = error }
        #expect(caught?.isMalformedReply == true)
        #expect(caught.map { "\($0)".contains("Esys_GetCapability") } == true)
    }

    /// An unauthenticated success with a secret of the host's choice: the first step to a volume of its own.
    @Test func refusesASecretThatTheTPMDidNotSend() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let plain: [UInt8] = [0x80, 0x01, 0, 0, 0, 44, 0, 0, 0, 0, 0, 32] + [UInt8](repeating: 0x41, count: 32)
        let withEmptySession: [UInt8] =
            [0x80, 0x02, 0, 0, 0, 53, 0, 0, 0, 0, 0, 0, 0, 34, 0, 32] + [UInt8](repeating: 0x41, count: 32)
            + [0, 0, 0x40, 0, 0]
        for forged in [plain, withEmptySession] {
            let interposer = try Interposer(before: enrolled.tpm) { _, command, ask in
                Interposer.code(command) == 0x15E ? forged : ask(command)
            }
            let failure = try enrolled.failure(through: interposer.tcti)
            #expect(failure?.call == .unseal)
            #expect(failure?.isMalformedReply == true)
        }
    }

    /// With the real name beside a public area of its own, an interposer would be told the session's salt.
    @Test func refusesAKeyWhoseNameIsNotItsOwn() throws {
        let (mine, other) = (try Enrolled(tpm: SoftwareTPM()), try Enrolled(tpm: SoftwareTPM()))
        let (real, foreign) = (mine.key.publicArea, other.key.publicArea)
        let interposer = try Interposer(before: mine.tpm) { _, command, ask in
            var reply = ask(command)
            // TPM2_ReadPublic: the public area comes first, then name and qualified name.
            if Interposer.code(command) == 0x173 { reply.replaceSubrange(10..<10 + real.count, with: foreign) }
            return reply
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.storageKey(at: storageHandle) } catch { caught = error }
        #expect(real.count == foreign.count)
        #expect(caught?.fault == .name)
    }

    @Test func noticesAMeasurementThatWasSwallowed() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let event = Measurement(pcr: 12, event: Array("fence".utf8))
        // The interposer lets the event go to PCR 16 instead, which can be reset, and passes the answer on.
        let interposer = try Interposer(before: enrolled.tpm) { _, command, ask in
            var command = command
            if Interposer.code(command) == 0x13C { command[13] = 16 }
            return ask(command)
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        #expect(throws: TPMError.self) { try session.measure([event], over: enrolled.key) }
        // The control: without a session nobody notices.
        #expect(throws: Never.self) { try session.measure([event], over: nil) }
        #expect(try enrolled.unseal() == enrolled.secret)
    }

    @Test func goesOnAfterAMalformedReplyAndLeavesNothingBehind() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let interposer = try Interposer(before: enrolled.tpm) { _, command, ask in
            let reply = ask(command)
            return Interposer.code(command) == 0x17F ? [0, 0] + reply.dropFirst(2) : reply
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        do throws(TPMError) {
            _ = try session.unseal(enrolled.blob, policy: UnsealPolicy(pcrs: enrolled.selection), under: enrolled.key)
        } catch { caught = error }
        #expect(caught?.call == .policyPCR)
        #expect(caught?.isMalformedReply == true)
        _ = try session.measure([Measurement(pcr: 12, event: [1])], over: enrolled.key)
        #expect(try enrolled.failure()?.isPolicyFailure == true)
        for kind in ["handles-transient", "handles-loaded-session"] {
            #expect(try enrolled.tpm.succeed("tpm2_getcap", kind).text == "")
        }
    }

    @Test func refusesObjectsThatNoTPMSealedForItself() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        // The attributes stand in bytes 6 to 9; each bit is a promise that the unlock relies on.
        for bit in [1, 4, 6, 7, 10, 16] {
            var area = enrolled.blob.publicArea
            area[9 - bit / 8] ^= 1 << UInt8(bit % 8)
            let changed = SealedBlob(publicArea: area, privateArea: enrolled.blob.privateArea)
            var caught: TPMError?
            do throws(TPMError) {
                _ = try session.unseal(changed, policy: UnsealPolicy(pcrs: enrolled.selection), under: enrolled.key)
            } catch { caught = error }
            #expect(caught?.isForeignObject == true, "bit \(bit)")
        }
        #expect(session.commandCount == 0)
    }

    @Test func refusesBlobsCutAnywhere() throws {
        let enrolled = try Enrolled(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: enrolled.tpm.tcti)
        let (area, wrapped) = (enrolled.blob.publicArea, enrolled.blob.privateArea)
        let cut =
            (0..<area.count).map { SealedBlob(publicArea: Array(area.prefix($0)), privateArea: wrapped) }
            + (0..<wrapped.count).map { SealedBlob(publicArea: area, privateArea: Array(wrapped.prefix($0))) }
            + [SealedBlob(publicArea: area + [0], privateArea: wrapped)]
            + [SealedBlob(publicArea: area, privateArea: wrapped + [0])]
            + [SealedBlob(publicArea: area, privateArea: [0xFF, 0xFF] + [UInt8](repeating: 0, count: 65535))]
        for blob in cut {
            var caught: TPMError?
            do throws(TPMError) {
                _ = try session.unseal(blob, policy: UnsealPolicy(pcrs: enrolled.selection), under: enrolled.key)
            } catch { caught = error }
            #expect(caught?.fault == .blob || caught?.fault == .objectAttributes)
        }
        #expect(session.commandCount == 0)
    }
}
