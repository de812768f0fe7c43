import Foundation
import HeaderForgery
import LUKSHeader
import TestSupport
import Testing

/// Headers that a host makes from the genuine one, both copies alike and both checksums right. Each is refused by the
/// name of its rule before any secret exists, or by the header MAC.
@Suite struct HeaderAttackTests {
    private static let segment =
        #"{"type":"crypt","offset":"20971520","size":"4096","iv_tweak":"0","encryption":"aes-xts-plain64","sector_size":512}"#

    /// A member of the metadata, its forged value, the rule, and the object that the message names.
    private static let brokenRules: [(String, String, HeaderRule, String)] = [
        // The guest would write its data in clear.
        ("segments.0.encryption", #""cipher_null-ecb""#, .segmentEncryption, "segments.0.encryption"),
        // The host would know the volume key.
        ("keyslots.1.area.encryption", #""cipher_null-ecb""#, .keyslotAreaEncryption, "keyslots.1.area.encryption"),
        ("keyslots.0.area.encryption", #""cipher_null-ecb""#, .keyslotAreaEncryption, "keyslots.0.area.encryption"),
        ("config.requirements", #"{"mandatory":["online-reencrypt-v2"]}"#, .requirements, "config.requirements"),
        ("config.requirements", #"{"mandatory":[]}"#, .requirements, "config.requirements"),
        ("segments.0.type", #""linear""#, .segmentType, "segments.0.type"),
        ("segments.0.flags", #"["in-reencryption"]"#, .segmentFlags, "segments.0.flags"),
        ("segments.1", segment, .segmentCount, "segments"),
        ("keyslots.1.type", #""reencrypt""#, .keyslotType, "keyslots.1.type"),
        ("segments.0.offset", #""32768""#, .segmentOverlap, "segments.0"),
        ("segments.0.offset", #""33554432""#, .segmentOutsideDevice, "segments.0"),
        ("segments.0.size", #""17179869184""#, .segmentOutsideDevice, "segments.0"),
        ("keyslots.1.area.offset", #""32768""#, .keyslotAreaOverlap, "keyslots.1.area"),
        ("keyslots.1.area.offset", #""16384""#, .keyslotAreaBounds, "keyslots.1.area"),
        ("keyslots.1.area.offset", #""33554432""#, .keyslotAreaBounds, "keyslots.1.area"),
        ("keyslots.1.area.offset", #""18446744073709547520""#, .keyslotAreaBounds, "keyslots.1.area"),
        ("keyslots.1.kdf.iterations", "2147483647", .keyslotKDFCost, "keyslots.1.kdf.iterations"),
    ]

    @Test func aBrokenRuleIsRefusedByName() throws {
        let bench = try ForgeryBench()
        for (path, value, rule, object) in Self.brokenRules {
            try bench.expectRefusal("sealroot: volume: refused: \(rule.rawValue): \(object): ") {
                try bench.forge { try $0.set(path, value) }
            }
        }
    }

    /// Every rule is kept; but it is not the header that was enrolled.
    @Test func aChangeWithinTheRulesIsRefusedByTheMAC() throws {
        let bench = try ForgeryBench()
        let changes = [
            ("keyslots.1.kdf.iterations", "1001"), ("segments.0.sector_size", "512"),
            ("segments.0.offset", #""16781312""#), ("segments.0.size", #""8388608""#),
            ("config.flags", #"["allow-discards"]"#), ("digests.0.iterations", "1001"),
            ("digests.0.digest", "\"" + Data(repeating: 7, count: 32).base64EncodedString() + "\""),
            ("keyslots.1.area.offset", #""1048576""#),
        ]
        for (path, value) in changes {
            try bench.expectRefusal("sealroot: volume: refused: header MAC is wrong") {
                try bench.forge { try $0.set(path, value) }
            }
        }
        try bench.expectRefusal("header MAC is wrong") {
            try bench.forge { $0.overwrite(Array("00000000-0000-4000-8000-000000000000".utf8), at: 0xA8) }
        }
    }

    @Test func copiesThatSayDifferentThingsAreRefused() throws {
        let bench = try ForgeryBench()
        for isPrimary in [false, true] {
            try bench.expectRefusal("sealroot: volume: refused: copies-differ: metadata: ") {
                try bench.forge { header in
                    var other = header
                    try other.set("segments.0.encryption", #""cipher_null-ecb""#)
                    if isPrimary { header.primary = other.primary } else { header.secondary = other.secondary }
                }
            }
        }
        try bench.expectRefusal("sealroot: volume: refused: sequence-differs: primary ") {
            try bench.forge { header in
                header.secondary[0x16] += 1  // 256 writes ahead
                header.fixChecksums()
            }
        }
        try bench.expectRefusal("sealroot: volume: refused: copy-invalid: secondary header: JSON at byte ") {
            try bench.forge { header in
                var other = header
                other.text += "]"
                header.secondary = other.secondary
            }
        }
    }

    /// The key material of the sealed keyslot, and the whole of it, from another volume of the same owner and TPM.
    @Test func keyslotsOfAnotherVolumeAreRefused() throws {
        let bench = try ForgeryBench()
        let other = try VolumeFile()
        try enroll(other, on: bench.machine)
        let path = "keyslots.\(ForgeryBench.sealedKeyslot)"
        let foreign = try ForgedHeader(of: other)
        let slot = try #require(try foreign.member(path) as? [String: Any])
        let area = try #require(slot["area"] as? [String: Any])
        let (start, length) = (try #require(area["offset"] as? String), try #require(area["size"] as? String))
        let (offset, size) = (try #require(Int(start)), try #require(Int(length)))
        let material = try other.read(offset, size)
        try bench.expectRefusal("sealroot: volume: refused: the key opens no keyslot") {
            try bench.volume.write(material, at: offset)
        }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: slot), as: UTF8.self)
        try bench.expectRefusal("sealroot: volume: refused: header MAC is wrong") {
            try bench.volume.write(material, at: offset)
            try bench.forge { try $0.set(path, text) }
        }
    }

    /// Both are enrolled with this very TPM, so it unseals either secret.
    @Test func theTokenOfAnotherVolumeIsRefused() throws {
        let bench = try ForgeryBench()
        let other = try VolumeFile()
        try enroll(other, on: bench.machine)
        let token = try other.cryptsetup("token", ["export", "--token-id", "0", other.path])
        try bench.expectRefusal("sealroot: volume: refused: header MAC is wrong") {
            try bench.forge { try $0.set("tokens.0", token) }
        }
    }

    private func enroll(_ volume: VolumeFile, on machine: Machine) throws {
        let state = machine.tpm.path("keys-of-another")
        let result = try machine.sealroot([
            "enroll", volume.path, "--key-file", volume.keyFile, "--tcti", machine.tpm.tcti, "--state", state,
        ])
        try #require(result.status == 0, "\(result.errorText)")
    }

    /// UUID and label of the owner's volume, and a passphrase of the host's.
    ///
    /// With a token that the host sealed to this very TPM, only a name that init.conf pins tells the two apart:
    /// `EvilTwinTests`.
    @Test func anEvilTwinIsRefused() throws {
        let machine = try Machine()
        try machine.enroll()
        let uuid = try machine.volume.cryptsetup("luksUUID", [machine.volume.path]).trimmingCharacters(in: .newlines)
        let twin = try VolumeFile(format: VolumeFile.cheap + ["--uuid", uuid, "--label", "root"])
        let bare = try machine.unlock("--device", twin.path)
        #expect(bare.status == 79)
        #expect(bare.errorText.contains("sealroot: volume: refused: no sealroot token"), "\(bare.errorText)")

        let attacker = try Machine()
        try enroll(twin, on: attacker)
        #expect(try attacker.unlock("--device", twin.path).status == 0, "on the attacker's own machine it opens")
        let sealed = try machine.unlock("--device", twin.path)
        #expect(sealed.status == 77)
        #expect(sealed.errorText.contains("another TPM"), "\(sealed.errorText)")
    }
}
