import Configuration
import Foundation
import LUKS
import Secrets
import TPM
import TestSupport
import Testing

@testable import Unlock

/// What the log of measurements says is what the TPM was extended with.
@Suite struct FenceLogTests {
    private let tpm: SoftwareTPM
    private let volume: VolumeFile
    private var log: String { tpm.path("log/systemd/tpm2-measure.log") }

    init() throws {
        tpm = try SoftwareTPM()
        volume = try VolumeFile()
    }

    private func key() throws -> StorageKey { try TPM.connect(tcti: tpm.tcti).createStorageKey(at: 0x8100_0002) }

    private func record(_ session: borrowing TPM) throws -> LoggedMeasurement {
        let configuration = try GuestConfiguration(parsing: Array("device = \(volume.path)\nmapping = root\n".utf8))
        let volumeKey = SecretBytes(count: 64) { for index in 0..<64 { $0[index] = 7 } }
        return try VolumeRecord.measurement(of: volumeKey, HeaderImage.header(of: volume.path), configuration, session)
    }

    private func permissions() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: log)[.posixPermissions] as? Int
    }

    private func expectReplay() throws {
        let values = try MeasurementReplay.values(ofLogAt: log)
        #expect(try values == tpm.values(of: [12, 15]))
        #expect(values.keys.contains("sha256:12"))
        #expect(try permissions() == 0o600)
    }

    @Test func fenceAndVolumeKeyReplayInEveryBank() throws {
        let key = try key()
        let session = try TPM.connect(tcti: tpm.tcti)
        let record = try record(session)
        let started = try session.startSession(saltedTo: key)
        let before = session.commandCount
        try Fence.close(12, of: session, over: key, started, thenRecording: [record], log: log)
        #expect(session.commandCount == before + 2, "the log costs the TPM nothing")
        try expectReplay()
        let values = try MeasurementReplay.values(ofLogAt: log)
        #expect(values.count >= 4, "two PCRs, two banks or more: \(values.keys)")
        let text = try String(contentsOfFile: log, encoding: .utf8)
        let uuid = try volume.cryptsetup("luksUUID", [volume.path]).trimmingCharacters(in: .newlines)
        #expect(text.contains(#""string":"cryptsetup:root:\#(uuid)""#))
        #expect(text.contains(#""string":"sealroot:fence""#))
    }

    /// TPM2_PCR_Event answers with digests of banks that are not active, too.
    @Test func banksThatAreOffAreNotInTheLog() throws {
        try tpm.succeed("tpm2_pcrallocate", "sha256:all+sha1:none+sha384:none+sha512:none")
        tpm.stop()
        try tpm.start()
        let session = try TPM.connect(tcti: tpm.tcti)
        try Fence.extend(12, of: session, log: log)
        try expectReplay()
        #expect(try MeasurementReplay.values(ofLogAt: log).keys.sorted() == ["sha256:12"])
    }

    @Test func aFenceThatIsThereAlreadyIsNotRecordedAgain() throws {
        let session = try TPM.connect(tcti: tpm.tcti)
        for _ in 0..<3 { try Fence.extend(12, of: session, log: log) }
        try expectReplay()
        #expect(try tpm.read("log/systemd/tpm2-measure.log").count { $0 == 0x1E } == 1)
    }

    /// The host hangs up once, between the check of the boot and the fence.
    @Test func aSessionThatWasLostBeforeTheFenceIsReplacedAndTheLogStaysExact() throws {
        let key = try key()
        let host = try Interposer(before: tpm) { number, command, ask in number == 1 ? nil : ask(command) }
        let session = try TPM.connect(tcti: host.tcti)
        let started = try session.startSession(saltedTo: key)
        #expect(throws: TPMError.self) { try session.readPCRs(.boot) }
        try Fence.close(12, of: session, over: key, started, thenRecording: [record(session)], log: log)
        try expectReplay()
    }

    /// The host lets the first extension through and spoils the answer: nobody can know, so the log says so.
    @Test func anAnswerThatWasSpoiltLeavesTheLogUnfinishedAndTheTPMFenced() throws {
        let key = try key()
        let host = try Interposer(before: tpm) { number, command, ask in
            var reply = ask(command)
            // The first command is TPM2_StartAuthSession, the second asks for the banks, the third is TPM2_PCR_Event.
            if number == 2 { reply[reply.count - 1] ^= 1 }
            return reply
        }
        let session = try TPM.connect(tcti: host.tcti)
        let started = try session.startSession(saltedTo: key)
        try Fence.close(12, of: session, over: key, started, thenRecording: [], log: log)
        #expect(Interposer.code(host.exchanges[2].command) == 0x13C)
        #expect(try tpm.values(of: [12])["sha256:12"] != nil)
        #expect(try permissions() == 0o1600)
        #expect(try tpm.read("log/systemd/tpm2-measure.log").isEmpty)
    }

    /// The log is in the way of nothing.
    @Test func aLogThatCannotBeWrittenKeepsNoFenceOpen() throws {
        let session = try TPM.connect(tcti: tpm.tcti)
        try Fence.extend(12, of: session, log: "/proc/no/such/log")
        #expect(try tpm.values(of: [12])["sha256:12"] != nil)
        try Fence.close(12, of: session, over: key(), nil, thenRecording: [record(session)], log: "/dev/null/log")
        #expect(try tpm.values(of: [15])["sha256:15"] != nil)
    }
}
