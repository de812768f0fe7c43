import TPM
import TestSupport
import Testing

@Suite struct IndexReadingTests {
    private func define(_ count: Int, _ attributes: String, in tpm: SoftwareTPM) throws -> [UInt8] {
        let bytes = randomBytes(count)
        try tpm.write(bytes, to: "contents")
        try tpm.succeed(
            "tpm2_nvdefine", "-Q", "0x1400001", "-C", "o", "-s", String(count), "-a", attributes)
        // tpm2-tools write in one piece only what fits into one command.
        try tpm.succeed("tpm2_nvwrite", "-Q", "0x1400001", "-C", "o", "-i", "contents")
        return bytes
    }

    private func read(_ tpm: SoftwareTPM, limit: Int = 4096) -> Result<[UInt8], TPMError> {
        do throws(TPMError) {
            let session = try TPM.connect(tcti: tpm.tcti)
            return .success(try session.readIndex(at: 0x140_0001, limit: limit))
        } catch { return .failure(error) }
    }

    @Test(arguments: [1, 1023, 1024, 1025, 2048], ["ownerread|ownerwrite|authread", "ownerread|ownerwrite"])
    func readsAllOfIt(_ count: Int, _ attributes: String) throws {
        let tpm = try SoftwareTPM()
        let bytes = try define(count, attributes, in: tpm)
        #expect(read(tpm) == .success(bytes))
        #expect(read(tpm, limit: count) == .success(bytes))
        guard case .failure(let error) = read(tpm, limit: count - 1) else {
            Issue.record("read more than the limit")
            return
        }
        #expect(error.fault == .indexSize)
    }

    @Test func saysWhyItCannotBeRead() throws {
        let tpm = try SoftwareTPM()
        guard case .failure(let missing) = read(tpm) else {
            Issue.record("read what is not there")
            return
        }
        #expect(missing.isMissingHandle)
        _ = try define(8, "ownerwrite|policyread", in: tpm)
        guard case .failure(let closed) = read(tpm) else {
            Issue.record("read without the right to")
            return
        }
        #expect(closed.fault == .indexAttributes)
    }

    /// An answer with fewer bytes than asked for would otherwise loop for ever or shift what follows.
    @Test func refusesAPieceOfAnotherLength() throws {
        let tpm = try SoftwareTPM()
        _ = try define(64, "ownerread|ownerwrite|authread", in: tpm)
        let interposer = try Interposer(before: tpm) { _, command, ask in
            guard Interposer.code(command) == 0x14E else { return ask(command) }
            // TPM_ST_SESSIONS, no parameters but an empty buffer, one empty session.
            return [0x80, 2, 0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 0]
        }
        let session = try TPM.connect(tcti: interposer.tcti)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.readIndex(at: 0x140_0001, limit: 64) } catch { caught = error }
        #expect(caught?.isMalformedReply == true)
    }
}
