import TPM
import TestSupport
import Testing

/// As HostileTransportTests, for what is sealed offline: the endorsement key's way has the most commands.
@Suite struct HostileImportTests {
    private static let importCode: UInt32 = 0x156

    /// Commands that only the import adds, and those that an endorsement key adds.
    private static let checked: Set<UInt32> = [importCode, 0x151, 0x157, 0x176]  // PolicySecret, Load, StartAuthSession

    @Test(arguments: [0xFF, 0x01] as [UInt8])
    func neverReturnsAnythingButTheSecret(_ flip: UInt8) throws {
        let imported = try Imported(.endorsementECC)
        let plain = try Interposer(before: imported.tpm)
        #expect(try imported.open(through: plain.tcti) == imported.secret)
        for (target, exchange) in plain.exchanges.enumerated()
        where Self.checked.contains(Interposer.code(exchange.command)) {
            for offset in 0..<exchange.reply.count {
                let interposer = try Interposer(before: imported.tpm) { number, command, ask in
                    var reply = ask(command)
                    if number == target, offset < reply.count { reply[offset] ^= flip }
                    return reply
                }
                do { #expect(try imported.open(through: interposer.tcti) == imported.secret) } catch {
                    #expect(error is TPMError)
                }
                try imported.tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
            }
        }
        #expect(try imported.open() == imported.secret)
    }

    @Test func refusesRepliesOfEveryWrongLength() throws {
        let imported = try Imported(.endorsementECC)
        let plain = try Interposer(before: imported.tpm)
        #expect(try imported.open(through: plain.tcti) == imported.secret)
        for (target, exchange) in plain.exchanges.enumerated()
        where Self.checked.contains(Interposer.code(exchange.command)) {
            for length in [0, 1, 9, 10, 11, 14, 20, 40, 60, exchange.reply.count - 1, 4000, 4090, 70000] {
                let interposer = try Interposer(before: imported.tpm) { number, command, ask in
                    var reply = ask(command)
                    guard number == target else { return reply }
                    reply = Array((reply + [UInt8](repeating: 0, count: 70000)).prefix(length))
                    let size = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
                    if length >= 10 { reply.replaceSubrange(2..<6, with: size) }
                    return reply.isEmpty ? nil : reply
                }
                let failure = try imported.failure(through: interposer.tcti)
                #expect(
                    failure?.isMalformedReply == true || failure?.isUnavailable == true,
                    "reply \(target) with \(length) bytes: \(String(describing: failure))")
                try imported.tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
            }
        }
    }

    @Test func leavesNothingBehindAfterAMalformedReply() throws {
        let imported = try Imported(.endorsementECC)
        for code in Self.checked {
            let interposer = try Interposer(before: imported.tpm) { _, command, ask in
                let reply = ask(command)
                // A success without the sessions that the command had.
                return Interposer.code(command) == code ? [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0] : reply
            }
            #expect(try imported.failure(through: interposer.tcti)?.isMalformedReply == true)
            // What the TPM made without telling us cannot be flushed by us: Load and StartAuthSession.
            if code == Self.importCode || code == 0x151 { #expect(try imported.isClean(), "\(code)") }
            try imported.tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
        }
    }

    /// With RSA, libtpms answers so to a foreign seed: a TPM that is really lost must not pass for a foreign object.
    @Test func tellsAFailedTPMFromAForeignObject() throws {
        let imported = try Imported(.ecc)
        let failure: [UInt8] = [0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01]
        for (isLost, code) in [(true, 0), (false, Self.importCode)] as [(Bool, UInt32)] {
            let interposer = try Interposer(before: imported.tpm) { _, command, ask in
                isLost || Interposer.code(command) == code ? failure : ask(command)
            }
            let caught = try imported.failure(through: interposer.tcti)
            #expect(caught?.isUnavailable == isLost)
            #expect(caught?.isForeignObject == !isLost)
        }
    }

    /// The answer to an import is not authenticated; a private part of somebody else's does not load under our name.
    @Test func refusesAnotherObjectsPrivatePart() throws {
        let imported = try Imported(.ecc)
        let session = try TPM.connect(tcti: imported.tpm.tcti)
        let theirs = try session.seal(makeSecret(randomBytes(32)), policyDigest: randomBytes(32), under: imported.key)
        let interposer = try Interposer(before: imported.tpm) { _, command, ask in
            let reply = ask(command)
            guard Interposer.code(command) == Self.importCode else { return reply }
            func bytes(_ number: Int, _ count: Int) -> [UInt8] {
                (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) }
            }
            let parameters = theirs.privateArea
            let body = bytes(parameters.count, 4) + parameters + [0, 0, 1, 0, 0]
            return [0x80, 0x02] + bytes(10 + body.count, 4) + [0, 0, 0, 0] + body
        }
        let failure = try imported.failure(through: interposer.tcti)
        #expect(failure?.call == .load)
        #expect(failure?.isForeignObject == true)
        #expect(try imported.isClean())
    }

    @Test func costsOneCommandUnderAStorageKeyAndFiveUnderAnEndorsementKey() throws {
        // Import; Load, StartAuthSession, PolicyPCR, Unseal, FlushContext.
        let storage: [UInt32] = [0x156, 0x157, 0x176, 0x17F, 0x15E, 0x165]
        // StartAuthSession and PolicySecret before Import and before Load.
        let endorsement: [UInt32] = [0x176, 0x151, 0x156, 0x176, 0x151, 0x157, 0x176, 0x17F, 0x15E, 0x165]
        for (template, codes) in [(StorageKey.Template.ecc, storage), (.endorsementECC, endorsement)] {
            let imported = try Imported(template)
            let interposer = try Interposer(before: imported.tpm)
            #expect(try imported.open(through: interposer.tcti) == imported.secret)
            #expect(interposer.exchanges.map { Interposer.code($0.command) } == codes)
        }
    }
}
