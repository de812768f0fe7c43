import Attesting
import BoundedBytes
import Configuration
import Cryptography
import InitramfsRuntime
import OwnChip
import SNPABI
import TPM
import TestSupport
import Testing

/// Azure's way, with an attestation key and an HCL report in the place where Azure has them.
@Suite(.serialized) struct AzureTests {
    private let machine: Machine
    private let policy: String

    init() throws {
        machine = try Machine()
        policy = try machine.policy("")
        let tpm = try machine.tpm.get()
        try tpm.succeed("tpm2_createek", "-Q", "-c", "ek.ctx", "-G", "rsa")
        try tpm.succeed(
            "tpm2_createak", "-Q", "-C", "ek.ctx", "-c", "ak.ctx", "-G", "rsa", "-g", "sha256", "-s", "rsassa", "-f",
            "pem", "-u", "ak.pem")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "ak.ctx", "0x81000003")
        try tpm.succeed("tpm2_flushcontext", "-t")
    }

    private func modulus(of tpm: SoftwareTPM) throws -> [UInt8] {
        try #require(RSAEncryptionKey(pem: tpm.read("ak.pem"))?.modulus)
    }

    private func runtimeData(_ modulus: [UInt8], name: String = "HCLAkPub") -> String {
        let n = Base64.encode(modulus).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return
            #"{"keys":[{"kid":"\#(name)","key_ops":["encrypt"],"kty":"RSA","e":"AQAB","n":"\#(n)"}],"user-data":"00"}"#
    }

    /// Fills the index, with offsets of the real sample: report at 0x20, data's header at 0x4C0.
    private func leave(_ text: String, bound: String? = nil) throws {
        let data = Array(text.utf8)
        let digest = try DigestAlgorithm.sha256.hash(Array((bound ?? text).utf8))
        let report = try machine.chip.report { $0.reportData = digest + [UInt8](repeating: 0, count: 32) }
        var writer = ByteWriter()
        writer.append(Array("HCLA".utf8))
        for number in [1, UInt32(0x4D4 + data.count), 2, 0, 0, 0, 0] as [UInt32] { writer.littleEndian(number) }
        writer.append(report.encoded())
        for number in [UInt32(20 + data.count), 1, 2, 1, UInt32(data.count)] { writer.littleEndian(number) }
        writer.append(data)
        let tpm = try machine.tpm.get()
        try tpm.write(writer.bytes, to: "hcl")
        try tpm.succeed(
            "tpm2_nvdefine", "-Q", "0x1400001", "-C", "o", "-s", "\(writer.bytes.count)", "-a", "ownerread|ownerwrite")
        try tpm.succeed("tpm2_nvwrite", "-Q", "0x1400001", "-C", "o", "-i", "hcl")
    }

    private func addCertificates() throws {
        try machine.scratch.shell("mkdir certs")
        for name in ["chip", "ask"] { try machine.scratch.write(machine.chip.bytes(name), to: "certs/\(name).der") }
    }

    @Test func acceptsTheTPMOfTheParavisor() throws {
        try leave(runtimeData(modulus(of: machine.tpm.get())))
        try addCertificates()
        #expect(try machine.failure(.azureHCL, policy) == nil)
    }

    @Test func refusesRuntimeDataThatTheReportIsNotAbout() throws {
        let text = try runtimeData(modulus(of: machine.tpm.get()))
        try leave(text, bound: text.replacing("00", with: "01"))
        try addCertificates()
        #expect(try machine.failure(.azureHCL, policy) == .reportData)
    }

    @Test func refusesATPMWithAnotherAttestationKey() throws {
        var other = try modulus(of: machine.tpm.get())
        other[100] ^= 1
        try leave(runtimeData(other))
        try addCertificates()
        let failure = try machine.failure(.azureHCL, policy)
        #expect(failure == .uncertified)
        #expect(failure?.exitCode == .attestationRefused)
    }

    @Test func refusesRuntimeDataWithoutTheKey() throws {
        try leave(runtimeData(modulus(of: machine.tpm.get()), name: "HCLEkPub"))
        try addCertificates()
        #expect(try machine.failure(.azureHCL, policy) == .runtimeData("exactly one key HCLAkPub"))
    }

    @Test func tellsThatThereIsNoParavisor() throws {
        #expect(try machine.failure(.azureHCL, policy)?.exitCode == .unavailable)
    }

    /// The real machine's report and key, as far as they go without its TPM: all but the proof.
    @Test(.enabled(if: SharedData.isPresent)) func readsWhatARealParavisorLeft() throws {
        let sample = try HCLReport(parsing: SharedData.bytes("snp/azure-hcl/hcl-report.bin"))
        let report = try AttestationReport(parsing: sample.report)
        #expect(try sample.isBound(to: report.reportData))
        let tpm = try machine.tpm.get()
        // swtpm's indices hold 2048 bytes; without the JSON's tail the blob is malformed, which is said.
        try tpm.write(Array(SharedData.bytes("snp/azure-hcl/hcl-report.bin").prefix(2048)), to: "hcl")
        try tpm.succeed("tpm2_nvdefine", "-Q", "0x1400001", "-C", "o", "-s", "2048", "-a", "ownerread|ownerwrite")
        try tpm.succeed("tpm2_nvwrite", "-Q", "0x1400001", "-C", "o", "-i", "hcl")
        #expect(try machine.failure(.azureHCL, policy)?.exitCode == .malformed)
    }
}
