import JSON
import SealedFormat
import Testing

@Suite struct TokenRefusalTests {
    /// A change to the sample, and the field and reason that must be named.
    struct Change: Sendable, CustomTestStringConvertible {
        let path: String
        let json: String
        let error: TokenError

        init(_ path: String, _ json: String, _ field: String, _ reason: TokenError.Reason) {
            (self.path, self.json, self.error) = (path, json, TokenError(field, reason))
        }

        var testDescription: String { "\(path) = \(json)" }
    }

    private func expect(_ change: Change) throws {
        #expect(throws: change.error) { try SealedToken(TokenSample.changed(change.path, to: change.json)) }
    }

    @Test(arguments: [
        Change("version", "2", "version", .unknownVersion(2)),
        Change("version", "0", "version", .unknownVersion(0)),
        Change("version", "-1", "version", .unknownVersion(-1)),
        Change("version", #""1""#, "version", .wrongType(.integer)),
        Change("version", "true", "version", .wrongType(.integer)),
        Change("type", #""systemd-tpm2""#, "type", .value("systemd-tpm2")),
        Change("type", "1", "type", .wrongType(.string)),
        Change("keyslots", "[]", "keyslots", .wrongLength(0)),
        Change("keyslots", #"["1","2"]"#, "keyslots", .wrongLength(2)),
        Change("keyslots", "[1]", "keyslots", .wrongType(.arrayOfStrings)),
        Change("keyslots", #"["32"]"#, "keyslots", .value("32")),
        Change("keyslots", #"["01"]"#, "keyslots", .value("01")),
        Change("keyslots", #"["+1"]"#, "keyslots", .value("+1")),
        Change("keyslots", #"["-1"]"#, "keyslots", .value("-1")),
        Change("keyslots", #""1""#, "keyslots", .wrongType(.array)),
        Change("tpm2", "[]", "tpm2", .wrongType(.object)),
        Change("header_mac", #""00""#, "header_mac", .wrongLength(1)),
        Change("header_mac", #""w8PD""#, "header_mac", .notHexadecimal),
        Change("header_mac", "0", "header_mac", .wrongType(.string)),
        Change("volume_key_id", #""""#, "volume_key_id", .wrongLength(0)),
    ])
    func namesAWrongOuterField(_ change: Change) throws { try expect(change) }

    @Test(arguments: [
        Change("tpm2/parent/handle", #""0x40000001""#, "tpm2.parent.handle", .notPersistentHandle),
        Change("tpm2/parent/handle", #""0x80ffffff""#, "tpm2.parent.handle", .notPersistentHandle),
        Change("tpm2/parent/handle", #""0x82000000""#, "tpm2.parent.handle", .notPersistentHandle),
        Change("tpm2/parent/handle", #""81000002""#, "tpm2.parent.handle", .notPersistentHandle),
        Change("tpm2/parent/handle", "2164260866", "tpm2.parent.handle", .wrongType(.string)),
        Change("tpm2/parent/name", "\"000b\"", "tpm2.parent.name", .wrongLength(2)),
        Change(
            "tpm2/parent/name", "\"000c" + String(repeating: "a1", count: 32) + "\"", "tpm2.parent.name", .value("000c")
        ),
        Change("tpm2/parent/public", #""AAhwdWJhcmVhMQ=""#, "tpm2.parent.public", .notBase64),
        Change("tpm2/parent/public", #""AAlwdWJhcmVhMQ==""#, "tpm2.parent.public", .wrongLength(10)),
        Change("tpm2/object/public", #""""#, "tpm2.object.public", .wrongLength(0)),
        Change("tpm2/object/private", #""AA==""#, "tpm2.object.private", .wrongLength(1)),
        Change("tpm2/object/private", #""AAA=""#, "tpm2.object.private", .wrongLength(2)),
        Change("tpm2/object/private", #""AAdwcml2YXRl\n""#, "tpm2.object.private", .notBase64),
        Change("tpm2/object/private", "{}", "tpm2.object.private", .wrongType(.string)),
    ])
    func namesAWrongTPMField(_ change: Change) throws { try expect(change) }

    static let policy = "tpm2.policies[0]"

    @Test(arguments: [
        Change("tpm2/policies", "[]", "tpm2.policies", .wrongLength(0)),
        Change("tpm2/policies", "{}", "tpm2.policies", .wrongType(.array)),
        Change("tpm2/policies", "[1]", policy, .wrongType(.object)),
        Change(
            "tpm2/policies/0/label", "\"" + String(repeating: "x", count: 129) + "\"", policy + ".label",
            .wrongLength(129)),
        Change("tpm2/policies/0/bank", #""sm3_256""#, policy + ".bank", .value("sm3_256")),
        Change("tpm2/policies/0/pcrs", "[]", policy + ".pcrs", .wrongLength(0)),
        Change("tpm2/policies/0/pcrs", "[24]", policy + ".pcrs", .value("24")),
        Change("tpm2/policies/0/pcrs", "[-1]", policy + ".pcrs", .value("-1")),
        Change("tpm2/policies/0/pcrs", "[7,4]", policy + ".pcrs", .value("4")),
        Change("tpm2/policies/0/pcrs", "[4,4]", policy + ".pcrs", .value("4")),
        Change("tpm2/policies/0/pcrs", #"["4"]"#, policy + ".pcrs", .value(#""4""#)),
        Change("tpm2/policies/0/digest", #""b2""#, policy + ".digest", .wrongLength(1)),
        Change("tpm2/policies/0/values/4", #""0404""#, policy + ".values.4", .wrongLength(2)),
        Change("tpm2/policies/0/values/9", #""""#, policy + ".values.9", .unknownField),
        Change("tpm2/policies/0/values", "[]", policy + ".values", .wrongType(.object)),
    ])
    func namesAWrongPolicy(_ change: Change) throws { try expect(change) }

    @Test(arguments: [
        Change("tpm2/counter", #""0x1805ea0""#, "tpm2.counter", .unknownField),
        Change("tpm2/object/duplicate", #""AAdwcml2YXRl""#, "tpm2.object.seed", .missing),
        Change("tpm2/object/seed", #""""#, "tpm2.object.seed", .unknownField),
        Change("tpm2/policies/0/count", "1", policy + ".count", .unknownField),
        Change("tpm2/policies/0/signature", #""""#, policy + ".signature", .unknownField),
        Change("x", "1", "x", .unknownField),
        Change("tpm2/x", "1", "tpm2.x", .unknownField),
        Change("tpm2/parent/x", "1", "tpm2.parent.x", .unknownField),
        Change("tpm2/object/x", "1", "tpm2.object.x", .unknownField),
        Change("tpm2/policies/0/x", "1", policy + ".x", .unknownField),
    ])
    func refusesFieldsThatItDoesNotServe(_ change: Change) throws { try expect(change) }

    @Test(arguments: [
        Change("tpm2/authority", "{}", "tpm2.authority.public", .missing),
        Change("tpm2/authority/ref", #""AAA=""#, "tpm2.authority.ref", .wrongLength(2)),
        Change("tpm2/authority/x", "1", "tpm2.authority.x", .unknownField),
        Change("tpm2/counter", #""0x1c00000""#, "tpm2.counter", .notOwnerIndex),
        Change("tpm2/counter", #""0x17fffff""#, "tpm2.counter", .notOwnerIndex),
        Change("tpm2/counter", "25190048", "tpm2.counter", .wrongType(.string)),
        Change("tpm2/object/private", #""AAdwcml2YXRl""#, "tpm2.object.private", .unknownField),
        Change("tpm2/object/seed", #""AAA=""#, "tpm2.object.seed", .wrongLength(2)),
        Change("tpm2/policies/0/count", "-1", policy + ".count", .value("-1")),
        Change("tpm2/policies/0/count", #""7""#, policy + ".count", .wrongType(.integer)),
        Change("tpm2/policies/0/signature", #""AAA=""#, policy + ".signature", .wrongLength(2)),
        Change("tpm2/policies/0/signature", #""*""#, policy + ".signature", .notBase64),
        Change("snp", "[]", "snp", .wrongType(.object)),
        Change("snp/root_key", #""vlek""#, "snp.root_key", .value("vlek")),
        Change("snp/fields", #"["measurement","policy"]"#, "snp.fields", .value("measurement,policy")),
        Change("snp/fields", #"["policy","policy"]"#, "snp.fields", .value("policy,policy")),
        Change("snp/fields", #"["host"]"#, "snp.fields", .value("host")),
        Change("snp/vmpl", "4", "snp.vmpl", .value("4")),
        Change("snp/guest_svn", "4294967296", "snp.guest_svn", .value("4294967296")),
        Change("snp/tcb_version", #""00""#, "snp.tcb_version", .wrongLength(1)),
        Change("snp/x", "1", "snp.x", .unknownField),
    ])
    func namesAWrongFieldOfASignedToken(_ change: Change) throws {
        #expect(throws: change.error) {
            try SealedToken(TokenSample.changed(change.path, of: TokenSample.signedText, to: change.json))
        }
    }

    @Test(arguments: ["tpm2/counter", "tpm2/authority"])
    func refusesPoliciesOfAnotherForm(_ path: String) throws {
        let json = try TokenSample.changed(path, of: TokenSample.signedText, to: nil)
        #expect(throws: TokenError.self) { try SealedToken(json) }
    }

    @Test func refusesWhatIsNoObject() {
        for json: JSONValue in [.null, .array([]), .string("sealroot"), .integer(1)] {
            #expect(throws: TokenError("", .wrongType(.object))) { try SealedToken(json) }
        }
    }

    @Test func showsNoControlCharacterFromTheDisk() throws {
        let json = try TokenSample.changed("\u{1B}[2J", to: "1")
        let error = #expect(throws: TokenError.self) { try SealedToken(json) }
        #expect(error?.description == #"token field '\x1b[2J': unknown"#)
    }
}
