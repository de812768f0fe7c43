import HeaderForgery
import JSON
import LUKSHeader
import Testing

/// One change to a genuine header, checksums right and both copies alike; and what must come of it.
struct Attack: Sendable, CustomTestStringConvertible {
    let path: String
    /// nil removes the member.
    let json: String?
    let rule: HeaderRule
    /// Where it differs from the path of the change.
    var object: String?
    let found: String

    init(_ path: String, _ json: String?, _ rule: HeaderRule, object: String? = nil, _ found: String) {
        (self.path, self.json, self.rule, self.object, self.found) = (path, json, rule, object, found)
    }

    var testDescription: String { "\(path) = \(json ?? "removed")" }
}

@Suite struct HeaderRulesTests {
    private func expect(_ attack: Attack) throws {
        var forged = try ForgedHeader.ofPlainVolume()
        try forged.set(attack.path, attack.json)
        let object = attack.object ?? attack.path
        #expect(throws: HeaderError.refused(attack.rule, object: object, found: attack.found)) {
            try forged.checked()
        }
    }

    static let segment =
        #"{"type":"crypt","offset":"20971520","size":"4096","iv_tweak":"0","encryption":"aes-xts-plain64","sector_size":512}"#

    @Test(arguments: [
        Attack("segments.0.encryption", #""cipher_null-ecb""#, .segmentEncryption, "cipher_null-ecb"),
        Attack("segments.0.encryption", #""aes-cbc-essiv:sha256""#, .segmentEncryption, "aes-cbc-essiv:sha256"),
        Attack("segments.0.encryption", #""AES-xts-plain64""#, .segmentEncryption, "AES-xts-plain64"),
        Attack("segments.0.encryption", #""aes-xts-plain64\u0000""#, .segmentEncryption, "aes-xts-plain64\0"),
        Attack("segments.0.encryption", "7", .memberType, "no string"),
        Attack("segments.0.type", #""linear""#, .segmentType, "linear"),
        Attack("segments.0.type", #""hw-opal-crypt""#, .segmentType, "hw-opal-crypt"),
        Attack("segments.0.integrity", #"{"type":"hmac(sha256)"}"#, .segmentIntegrity, #"{"type":"hmac(sha256)"}"#),
        Attack("segments.0.flags", #"["backup-previous"]"#, .segmentFlags, #"["backup-previous"]"#),
        Attack("segments.0.flags", "[]", .segmentFlags, "[]"),
        Attack("segments.0.sector_size", "1024", .segmentSectorSize, "1024"),
        Attack("segments.0.sector_size", "-512", .segmentSectorSize, "-512"),
        Attack("segments.0.iv_tweak", #""8""#, .segmentIVTweak, "8"),
        Attack("segments.0.iv_tweak", nil, .memberMissing, "nothing"),
        Attack("segments.0.offset", #""016777216""#, .number, "016777216"),
        Attack("segments.0.offset", #""18446744073709551616""#, .number, "18446744073709551616"),
        Attack("segments.0.offset", #""-1""#, .number, "-1"),
        Attack("segments.0.offset", #""0""#, .segmentOverlap, object: "segments.0", "33554432 bytes at 0"),
        Attack(
            "segments.0.offset", #""16773120""#, .segmentOverlap, object: "segments.0", "16781312 bytes at 16773120"),
        Attack(
            "segments.0.offset", #""16777728""#, .segmentAlignment, object: "segments.0", "16776704 bytes at 16777728"),
        Attack(
            "segments.0.offset", #""33554432""#, .segmentOutsideDevice, object: "segments.0",
            "offset 33554432 of 33554432"),
        Attack(
            "segments.0.offset", #""18446744073709551615""#, .segmentOutsideDevice, object: "segments.0",
            "offset 18446744073709551615 of 33554432"),
        Attack(
            "segments.0.size", #""16777217""#, .segmentOutsideDevice, object: "segments.0", "size 16777217 of 16777216"),
        Attack(
            "segments.0.size", #""18446744073709551615""#, .segmentOutsideDevice, object: "segments.0",
            "size 18446744073709551615 of 16777216"),
        Attack("segments.0.size", #""0""#, .segmentOutsideDevice, object: "segments.0", "size 0 of 16777216"),
        Attack("segments.0.size", #""512""#, .segmentAlignment, object: "segments.0", "512 bytes at 16777216"),
        Attack("segments.0.size", #""Dynamic""#, .number, "Dynamic"),
        Attack("segments.0.key", "1", .memberUnknown, "an unknown member"),
        Attack("segments.1", segment, .segmentCount, object: "segments", "2"),
        Attack("segments", "{}", .segmentCount, "0"),
        Attack("segments", "[]", .memberType, "no object"),
        Attack("segments", nil, .memberMissing, "nothing"),
        Attack("segments.00", segment, .objectID, object: "segments", "00"),
        Attack("segments.32", segment, .objectID, object: "segments", "32"),
        Attack("segments.x", segment, .objectID, object: "segments", "x"),
    ])
    func keepsTheSegmentToTheRules(_ attack: Attack) throws { try expect(attack) }

    @Test(
        arguments: [
            Attack("keyslots.0.type", #""reencrypt""#, .keyslotType, "reencrypt"),
            Attack("keyslots.0.type", #""luks3""#, .keyslotType, "luks3"),
            Attack("keyslots.0.key_size", "32", .keyslotKeySize, "32"),
            Attack("keyslots.0.key_size", "9223372036854775807", .keyslotKeySize, "9223372036854775807"),
            Attack("keyslots.0.priority", "3", .keyslotPriority, "3"),
            Attack("keyslots.0.priority", #""1""#, .keyslotPriority, #""1""#),
            Attack("keyslots.0.mode", #""encrypt""#, .memberUnknown, "an unknown member"),
            Attack("keyslots.0.af.type", #""none""#, .keyslotAF, "none"),
            Attack("keyslots.0.af.stripes", "1", .keyslotAF, "1"),
            Attack("keyslots.0.af.hash", #""sha1""#, .keyslotAF, "sha1"),
            Attack("keyslots.0.af.x", "0", .memberUnknown, "an unknown member"),
            Attack("keyslots.0.area.encryption", #""cipher_null-ecb""#, .keyslotAreaEncryption, "cipher_null-ecb"),
            Attack("keyslots.0.area.type", #""journal""#, .keyslotAreaType, "journal"),
            Attack("keyslots.0.area.key_size", "16", .keyslotAreaKeySize, "16"),
            Attack("keyslots.0.area.key_size", "0", .keyslotAreaKeySize, "0"),
            Attack("keyslots.0.area.shift_size", "0", .memberUnknown, "an unknown member"),
            Attack(
                "keyslots.0.area.offset", #""28672""#, .keyslotAreaBounds, object: "keyslots.0.area",
                "258048 bytes at 28672"),
            Attack(
                "keyslots.0.area.offset", #""0""#, .keyslotAreaBounds, object: "keyslots.0.area", "258048 bytes at 0"),
            Attack(
                "keyslots.0.area.offset", #""16777216""#, .keyslotAreaBounds, object: "keyslots.0.area",
                "258048 bytes at 16777216"),
            Attack(
                "keyslots.0.area.offset", #""18446744073709547520""#, .keyslotAreaBounds, object: "keyslots.0.area",
                "258048 bytes at 18446744073709547520"),
            Attack(
                "keyslots.0.area.offset", #""32769""#, .keyslotAreaAlignment, object: "keyslots.0.area",
                "258048 bytes at 32769"),
            Attack(
                "keyslots.0.area.size", #""253952""#, .keyslotAreaSize, object: "keyslots.0.area",
                "253952 bytes at 32768"),
            Attack(
                "keyslots.0.area.size", #""16748544""#, .keyslotAreaBounds, object: "keyslots.0.area",
                "16748544 bytes at 32768"),
            Attack("keyslots.0.kdf.type", #""scrypt""#, .keyslotKDF, "scrypt"),
            Attack("keyslots.0.kdf.hash", #""sha1""#, .keyslotKDFHash, "sha1"),
            Attack("keyslots.0.kdf.hash", #""whirlpool""#, .keyslotKDFHash, "whirlpool"),
            Attack("keyslots.0.kdf.iterations", "999", .keyslotKDFCost, "999"),
            Attack("keyslots.0.kdf.iterations", "100000001", .keyslotKDFCost, "100000001"),
            Attack("keyslots.0.kdf.salt", #""AAAA""#, .keyslotKDFSalt, "3 bytes"),
            Attack("keyslots.0.kdf.salt", #""AAA""#, .base64, "AAA"),
            Attack("keyslots.0.kdf.time", "4", .memberUnknown, "an unknown member"),
            Attack("keyslots.0", "null", .memberType, "no object"),
            Attack("keyslots.0.kdf", nil, .memberMissing, "nothing"),
        ])
    func keepsTheKeyslotsToTheRules(_ attack: Attack) throws { try expect(attack) }

    /// The member that is absurd; the others are what cryptsetup writes by default.
    @Test(arguments: [
        ("memory", "4194305"), ("memory", "9223372036854775807"), ("memory", "31"), ("memory", "-1"),
        ("time", "3"), ("time", "1001"), ("cpus", "0"), ("cpus", "5"),
    ])
    func boundsTheCostOfArgon2(_ name: String, _ value: String) throws {
        var forged = try ForgedHeader.ofPlainVolume()
        let salt = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
        try forged.set("keyslots.0.kdf", #"{"type":"argon2id","time":4,"memory":1048576,"cpus":4,"salt":"\#(salt)"}"#)
        #expect(throws: Never.self) { try forged.checked() }
        try forged.set("keyslots.0.kdf." + name, value)
        #expect(throws: HeaderError.refused(.keyslotKDFCost, object: "keyslots.0.kdf." + name, found: value)) {
            try forged.checked()
        }
    }

    @Test(arguments: [
        Attack("digests.0.type", #""sha256""#, .digestType, "sha256"),
        Attack("digests.0.hash", #""sha1""#, .digestHash, "sha1"),
        Attack("digests.0.hash", #""sha512""#, .digestValue, object: "digests.0.digest", "32 bytes"),
        Attack("digests.0.iterations", "0", .digestIterations, "0"),
        Attack("digests.0.salt", #""""#, .digestSalt, "0 bytes"),
        Attack("digests.0.digest", #""=""#, .base64, "="),
        Attack("digests.0.keyslots", "[]", .digestKeyslots, "[]"),
        Attack("digests.0.keyslots", #"["0","1"]"#, .digestKeyslots, "[0, 1]"),
        Attack("digests.0.keyslots", #"["0","0"]"#, .objectID, "0"),
        Attack("digests.0.keyslots", "[0]", .memberType, "no array of strings"),
        Attack("digests.0.segments", "[]", .digestSegments, "[]"),
        Attack("digests.0.segments", #"["1"]"#, .digestSegments, "[1]"),
        Attack("digests.0.x", "1", .memberUnknown, "an unknown member"),
        Attack("digests", "{}", .digestCount, "0"),
        Attack("config.json_size", #""16384""#, .configJSONSize, "16384"),
        Attack("config.json_size", "12288", .memberType, "no string"),
        Attack("config.keyslots_size", #""4095""#, .configKeyslotsSize, "4095"),
        Attack("config.keyslots_size", #""134221824""#, .configKeyslotsSize, "134221824"),
        Attack(
            "config.keyslots_size", #""16748544""#, .segmentOverlap, object: "segments.0", "16777216 bytes at 16777216"),
        Attack("config.keyslots_size", #""0""#, .keyslotAreaBounds, object: "keyslots.0.area", "258048 bytes at 32768"),
        Attack("config.flags", #"["no-journal"]"#, .configFlags, "no-journal"),
        Attack("config.flags", #"["allow-discards","x"]"#, .configFlags, "x"),
        Attack("config.flags", "[1]", .configFlags, "1"),
        Attack("config.flags", "true", .configFlags, "true"),
        Attack(
            "config.requirements", #"{"mandatory":["online-reencrypt-v2"]}"#, .requirements,
            #"{"mandatory":["online-reencrypt-v2"]}"#),
        Attack("config.requirements", "{}", .requirements, "{}"),
        Attack("config.x", "1", .memberUnknown, "an unknown member"),
        Attack("x", "1", .memberUnknown, "an unknown member"),
        Attack("tokens", nil, .memberMissing, "nothing"),
        Attack("tokens.0", #"{"type":"sealroot"}"#, .memberMissing, object: "tokens.0.keyslots", "nothing"),
        Attack("tokens.0", #"{"type":1,"keyslots":[]}"#, .memberType, object: "tokens.0.type", "no string"),
        Attack("tokens.0", #"{"type":"a","keyslots":["1"]}"#, .tokenKeyslots, object: "tokens.0.keyslots", "[1]"),
        Attack("tokens.-1", #"{"type":"a","keyslots":[]}"#, .objectID, object: "tokens", "-1"),
    ])
    func keepsTheRestToTheRules(_ attack: Attack) throws { try expect(attack) }

    @Test func refusesASecondDigest() throws {
        var forged = try ForgedHeader.ofPlainVolume()
        let digest = try #require(try forged.checked().metadata["digests"]?["0"])
        try forged.set("digests.1", digest.compact)
        #expect(throws: HeaderError.refused(.digestCount, object: "digests", found: "2")) { try forged.checked() }
    }

    @Test func refusesKeyslotsThatShareTheirArea() throws {
        var forged = try ForgedHeader.ofPlainVolume()
        let slot = try #require(try forged.checked().metadata["keyslots"]?["0"])
        try forged.set("keyslots.1", slot.compact)
        try forged.set("digests.0.keyslots", #"["0","1"]"#)
        try forged.set("keyslots.1.area.offset", #""286720""#)
        let error = HeaderError.refused(.keyslotAreaOverlap, object: "keyslots.1.area", found: "258048 bytes at 286720")
        #expect(throws: error) { try forged.checked() }
        try forged.set("keyslots.1.area.offset", #""290816""#)
        #expect(throws: Never.self) { try forged.checked() }
    }

    @Test func showsNoControlCharacterFromTheDisk() throws {
        var forged = try ForgedHeader.ofPlainVolume()
        try forged.set("segments.0.encryption", #""a\u001b[2J\nsealroot: ok""#)
        let error = #expect(throws: HeaderError.self) { try forged.checked() }
        #expect(
            error?.description
                == #"segment-encryption: segments.0.encryption: found a\x1b[2J\x0asealroot: ok"#)
    }
}
