import Foundation
import HeaderForgery
import TestSupport
import Testing

private enum ControlProgram {
    static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../.build-control/release/sealroot-init").standardized.path()
    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }
}

/// The control of the attacks: a program of the same sources whose header checks are compiled out opens what the real
/// one refuses, so it is the checks that stop the attack, and not libcryptsetup.
@Suite(.enabled(if: ControlProgram.isBuilt, "`make control` builds the program that these tests compare with"))
struct HeaderControlTests {
    private func expectOnlyTheControlOpens(_ bench: ForgeryBench, _ rule: String) throws {
        let refused = try bench.unlock()
        #expect(refused.status == 79)
        #expect(refused.errorText.contains(rule), "\(refused.errorText)")
        #expect(!refused.errorText.contains("CHECKS NO HEADER"))
        let opened = try Command.run(
            [ControlProgram.path, "unlock", "--config", bench.machine.configurationPath, "--no-activate", "--json"])
        #expect(opened.status == 0, "\(opened.errorText)")
        #expect(opened.text.contains(#""result":"verified""#), "\(opened.text)")
        #expect(opened.errorText.hasPrefix("sealroot: THIS PROGRAM CHECKS NO HEADER"), "\(opened.errorText)")
    }

    @Test func withoutTheCheckASegmentWithoutCipherOpens() throws {
        let bench = try ForgeryBench()
        try bench.forge { try $0.set("segments.0.encryption", #""cipher_null-ecb""#) }
        try expectOnlyTheControlOpens(bench, "segment-encryption")
    }

    @Test func withoutTheCheckAKeyslotWithAVolumeKeyOfTheHostsOpens() throws {
        let bench = try ForgeryBench()
        try ChosenKey.put(intoKeyslot: ForgeryBench.sealedKeyslot, of: bench.volume)
        let kernel = try ["LD_PRELOAD": Self.nullCipher(in: bench.machine.tpm)]
        // Any passphrase will do for libcryptsetup itself.
        try bench.machine.tpm.write(Array("whatever".utf8), to: "whatever")
        let open = try Command.run(
            [
                "/usr/sbin/cryptsetup", "open", "--test-passphrase", "--key-slot", "\(ForgeryBench.sealedKeyslot)",
                "--key-file", bench.machine.tpm.path("whatever"), bench.volume.path,
            ], environment: kernel)
        #expect(open.status == 0, "\(open.errorText)")
        try expectOnlyTheControlOpens(bench, "keyslot-area-encryption")
    }

    /// Takes the place of a kernel's `ecb(cipher_null)`, which the kernel of a test machine may lack. The control has it
    /// built in.
    private static func nullCipher(in tpm: SoftwareTPM) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../NullCipher/null-cipher.c")
        let library = tpm.path("null-cipher.so")
        let result = try Command.run(
            ["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source.standardized.path(), "-ldl"])
        try #require(result.status == 0, "\(result.errorText)")
        return library
    }
}
