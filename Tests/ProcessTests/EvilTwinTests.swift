import BoundedBytes
import Foundation
import JSON
import LUKSHeader
import Sealing
import Secrets
import TestSupport
import Testing

/// A volume of the attacker's in the place of the owner's, whose key he has sealed to the owner's own TPM: the storage
/// key serves everybody.
@Suite struct EvilTwinTests {
    private func authority(_ machine: Machine) throws -> String {
        let result = try machine.enroll("--json")
        return try #require(try JSONValue(parsing: result.output)["authority_name"]?.string)
    }

    /// Puts a volume of another making where the owner's was; the TPM stays.
    private func swap(_ machine: Machine, for twin: VolumeFile) throws {
        let copied = try Command.run(["cp", twin.path, machine.volume.path])
        try #require(copied.status == 0)
    }

    private func twin(on machine: Machine) throws -> VolumeFile {
        let twin = try VolumeFile()
        let enrolled = try machine.sealroot(
            ["enroll", twin.path, "--key-file", twin.keyFile, "--tcti", machine.tpm.tcti, "--state"]
                + [machine.tpm.path("attacker")])
        try #require(enrolled.status == 0, "\(enrolled.errorText)")
        return twin
    }

    @Test func aPinnedAuthorityRefusesAVolumeThatTheAttackerEnrolled() throws {
        let machine = try Machine()
        let name = try authority(machine)
        try machine.configure("boot-check = off\nauthority-name = \(name)\n")
        #expect(try machine.unlock().status == 0)
        try swap(machine, for: try twin(on: machine))
        let refused = try machine.unlock()
        #expect(refused.status == 77 && refused.errorText.contains("another authority"), "\(refused.errorText)")
    }

    /// The control: nobody has said whose approval counts.
    @Test func withoutAPinItOpens() throws {
        let machine = try Machine()
        _ = try authority(machine)
        try swap(machine, for: try twin(on: machine))
        #expect(try machine.unlock().status == 0)
    }

    /// Neither does a volume without a token, nor the prompt for it, come in the place of one that is pinned.
    @Test func aPinnedAuthorityRefusesAVolumeWithoutToken() throws {
        let machine = try Machine()
        let name = try authority(machine)
        try swap(machine, for: try VolumeFile())
        try machine.configure("boot-check = off\nunenrolled = prompt\n")
        #expect(try machine.unlock().status == 0, "the control: it is left to the prompt")
        try machine.configure("boot-check = off\nunenrolled = prompt\nauthority-name = \(name)\n")
        #expect(try machine.unlock().status == 79)
    }

    /// The owner's authority, reference and approvals are no secret. With them the attacker has a key of his own sealed so
    /// that the owner's boot gets it; but the approvals are for the owner's volume key.
    @Test func stolenApprovalsOpenNoOtherVolume() throws {
        let machine = try Machine()
        let name = try authority(machine)
        let genuine = try machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
        let twin = try VolumeFile()
        let secret = [UInt8](repeating: 0x5A, count: 32)
        _ = try twin.importToken(forge(genuine, for: twin, secret, machine.tpm))
        try swap(machine, for: twin)
        for pin in ["", "authority-name = \(name)\n"] {
            try machine.configure("boot-check = off\n" + pin)
            let refused = try machine.unlock()
            #expect(refused.status == 79, "\(refused.errorText)")
            #expect(refused.errorText.contains("not the one that the authority's approvals are for"))
        }
    }

    /// The token with the attacker's object, keyslot and codes in it.
    private func forge(
        _ genuine: String, for twin: VolumeFile, _ secret: [UInt8], _ tpm: SoftwareTPM
    ) throws -> String {
        var root = try #require(try JSONSerialization.jsonObject(with: Data(genuine.utf8)) as? [String: Any])
        var parts = try #require(root["tpm2"] as? [String: Any])
        let object = try #require(parts["object"] as? [String: String])
        let area = try #require(object["public"].flatMap { Data(base64Encoded: $0) })
        // TPM2B_PUBLIC: size, type, name algorithm, attributes, and the policy behind its size.
        try tpm.write(Array(area[12..<44]), to: "policy")
        try tpm.write(secret, to: "secret")
        try tpm.succeed(
            "tpm2_create", "-C", "0x81000002", "-i", "secret", "-L", "policy", "-a",
            "fixedtpm|fixedparent|adminwithpolicy|noda", "-u", "object.pub", "-r", "object.priv")
        try tpm.succeed("tpm2_flushcontext", "-t")
        parts["object"] = [
            "public": Data(try tpm.read("object.pub")).base64EncodedString(),
            "private": Data(try tpm.read("object.priv")).base64EncodedString(),
        ]
        root["tpm2"] = parts

        let sealed = try SealedSecret(copying: bytes(secret))
        let passphrase = try sealed.keyslotPassphrase()
        var text: [UInt8] = []
        for index in passphrase.bytes.indices { text.append(passphrase.bytes[index]) }
        try tpm.write(text, to: "passphrase")
        let cheap = VolumeFile.cheap + ["--key-file", twin.keyFile, twin.path, tpm.path("passphrase")]
        try twin.cryptsetup("luksAddKey", cheap)
        try twin.cryptsetup(
            "luksDump",
            ["--dump-volume-key", "--volume-key-file", tpm.path("key"), "--key-file", twin.keyFile, twin.path])
        let copies = try HeaderCopies { (offset, count) throws in try twin.read(offset, count) }
        let header = try LUKSHeader(checking: copies, deviceByteCount: UInt64(twin.byteCount))
        let mac = try sealed.headerMAC(over: #require(header.canonical(keyslot: 1)))
        root["keyslots"] = ["1"]
        root["header_mac"] = Hexadecimal.encode(mac)
        root["volume_key_id"] = Hexadecimal.encode(try sealed.volumeKeyID(of: bytes(tpm.read("key"))))
        return String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
    }

    private func bytes(_ plain: [UInt8]) -> SecretBytes {
        SecretBytes(count: plain.count) { for index in plain.indices { $0[index] = plain[index] } }
    }
}
