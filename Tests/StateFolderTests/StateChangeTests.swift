import Foundation
import JSON
import SNPABI
import SNPEmulator
import SecureProcessor
import TestSupport
import Testing

/// `snp-emulator tcb` and `certs`, and folders that somebody has spoiled.
@Suite struct StateChangeTests {
    private func run(_ folder: Scratch, _ arguments: String...) throws -> CommandResult {
        try emulator([arguments[0], "--state", "state"] + arguments.dropFirst(), folder: folder.path)
    }

    private func tcb(_ folder: Scratch, _ name: String, _ level: String) throws -> Int64? {
        try JSONValue(parsing: try run(folder, "tcb", "--json").output)["tcb"]?[name]?[level]?.integer
    }

    /// The level in the VCEK's certificate, as openssl shows its DER.
    private func certified(_ folder: Scratch, _ number: Int) throws -> String {
        let shown = try folder.shell(
            "openssl asn1parse -inform der -in state/certs/vcek.der | grep -A1 '3704.1.3.\(number)$' | tail -1")
        return String(shown.split(separator: ":").last ?? "")
    }

    @Test func levelsGoUpAndBackButNotBelowWhatIsCommitted() throws {
        let folder = try MadeState.scratch()
        #expect(try tcb(folder, "current", "snp") == 24)
        #expect(try run(folder, "tcb", "install", "--firmware", "1.55.40", "--levels", "snp=25").status == 0)
        #expect(try tcb(folder, "current", "snp") == 25 && tcb(folder, "reported", "snp") == 24)
        #expect(try certified(folder, 3) == "020118")
        #expect(try run(folder, "tcb", "install", "--levels", "snp=24").status == 0)
        #expect(try run(folder, "tcb", "install", "--levels", "snp=25,ucode=220").status == 0)
        #expect(try run(folder, "tcb", "commit").status == 0)
        #expect(try tcb(folder, "reported", "snp") == 25 && certified(folder, 3) == "020119")
        #expect(try certified(folder, 8) == "020200DC")
        let refused = try run(folder, "tcb", "install", "--levels", "snp=24,ucode=255")
        #expect(refused.status == 64 && refused.errorText.contains("BAD_SVN"))
        #expect(try run(folder, "tcb", "install", "--firmware", "1.55.39").errorText.contains("BAD_VERSION"))
        #expect(try run(folder, "tcb", "configure", "--levels", "snp=26").errorText.contains("INVALID_PARAM"))
        #expect(try run(folder, "tcb", "configure", "--levels", "snp=3").status == 0)
        #expect(try certified(folder, 3) == "020103" && tcb(folder, "committed", "snp") == 25)
        #expect(try run(folder, "tcb", "configure", "--committed").status == 0)
        #expect(try certified(folder, 3) == "020119")
        try folder.shell(
            """
            cd state/certs; openssl x509 -inform der -in vcek.der -out v.pem
            openssl verify -CAfile ark.pem -untrusted ask.pem v.pem
            """)
        for levels in ["", "snp", "snp=256", "snp=-1", "snp=1,snp=1", "fmc=1", "x=1", "snp=+1"] {
            #expect(try run(folder, "tcb", "install", "--levels", levels).status == 64, "\(levels)")
        }
        for wrong in [
            ["commit", "--levels", "snp=1"], ["configure"], ["install"], ["show", "--vlek", "on"], ["sink"],
        ] {
            #expect(try emulator(["tcb", "--state", "state"] + wrong, folder: folder.path).status == 64, "\(wrong)")
        }
    }

    /// The processor that a folder makes signs what the folder's certificates say.
    @Test func theProcessorHasTheKeysOfTheCertificates() throws {
        let folder = try MadeState.scratch()
        for isLoaded in [false, true] {
            if isLoaded { #expect(try run(folder, "tcb", "configure", "--vlek", "on").status == 0) }
            let state = try StateFolder.load(folder.file("state"))
            let processor = try state.processor()
            let guest = try processor.createContext()
            try processor.launchStart(guest, LaunchStart(policy: GuestPolicy(rawValue: 0x30000)))
            try processor.activate(guest, asid: 1)
            try processor.launchFinish(guest, LaunchFinish())
            let report = try processor.hostReport(guest)
            #expect(report.flags.signingKey == (isLoaded ? .vlek : .vcek))
            let table = try state.certificateTable()
            let leaf = try #require(table[isLoaded ? CertificateTable.vlek : CertificateTable.vcek])
            try folder.write(leaf, to: "leaf.der")
            try folder.write(report.signedBytes, to: "signed")
            let hexadecimal: ([UInt8]) -> String = { $0.map { String(format: "%02x", $0) }.joined() }
            let (r, s) = (hexadecimal(report.signature.r), hexadecimal(report.signature.s))
            try folder.shell(
                """
                openssl x509 -inform der -in leaf.der -noout -pubkey > key.pem
                printf 'asn1=SEQUENCE:s\\n[s]\\nr=INTEGER:0x%s\\ns=INTEGER:0x%s\\n' \(r) \(s) > config
                openssl asn1parse -genconf config -noout -out signature
                openssl dgst -sha384 -verify key.pem -signature signature signed
                """)
            let ask = try #require(table[CertificateTable.ask])
            try folder.write(ask, to: "ask.der")
            let name = try folder.shell("openssl x509 -inform der -in ask.der -noout -subject")
            #expect(name.hasSuffix(isLoaded ? "CN = SEV-VLEK-Milan" : "CN = SEV-Milan"))
        }
    }

    @Test func aRevokedAuthorityIsInTheList() throws {
        let folder = try MadeState.scratch()
        let check = "cat state/certs/ark.pem crl.pem > both; openssl verify -crl_check -CAfile both state/certs/ask.pem"
        let convert = "openssl crl -inform der -in state/certs/crl.der -out crl.pem; "
        try folder.shell(convert + check)
        #expect(try run(folder, "certs", "revoke", "ask").status == 0)
        try folder.shell(convert + "! { \(check); }")
        #expect(try run(folder, "certs", "revoke", "ask").status == 0)
        #expect(try run(folder, "certs", "revoke", "asvk").status == 0)
        let text = try folder.shell("openssl crl -in crl.pem -noout -text")
        #expect(text.contains("CRL Number: \n                2"))
        let both = try folder.shell(convert + "openssl crl -in crl.pem -noout -text")
        #expect(both.contains("CRL Number: \n                3") && both.contains("010001") && both.contains("010101"))
        let malformed = [
            ["revoke", "ark"], ["revoke"], ["export"], ["list", "x"], ["burn"], ["reissue"], ["reissue", "1d"],
        ]
        for wrong in malformed {
            #expect(try emulator(["certs", "--state", "state"] + wrong, folder: folder.path).status == 64, "\(wrong)")
        }
    }

    /// openssl says until when: seven years from the day of issue.
    @Test func aReissuedCertificateIsOfThatDay() throws {
        let folder = try MadeState.scratch()
        let check = "openssl x509 -in state/certs/vcek.der -inform der -noout -checkend 0"
        #expect(try run(folder, "certs", "reissue", "2400").status == 0)
        try folder.shell(check)
        #expect(try run(folder, "certs", "reissue", "2600").status == 0)
        try folder.shell("! \(check)")
        try folder.shell("openssl x509 -in state/certs/ark.pem -noout -checkend 0")
    }

    @Test func exportsUnderThePathsOfTheKeyServer() throws {
        let folder = try MadeState.scratch()
        let result = try run(folder, "certs", "export", "kds/below")
        #expect(result.status == 0)
        let json = try JSONValue(parsing: try folder.bytes("state/chip.json"))
        let chip = try #require(json["chip_id"]?.string)
        let query = "blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219"
        let paths = [
            "vcek/v1/Milan/cert_chain", "vcek/v1/Milan/crl", "vcek/v1/Milan/\(chip)?\(query)",
            "vlek/v1/Milan/cert_chain", "vlek/v1/Milan/crl", "vlek/v1/Milan/cert?\(query)",
        ]
        #expect(result.text.split(separator: "\n").map(String.init) == paths)
        try folder.shell(
            """
            cd kds/below; cmp 'vcek/v1/Milan/\(chip)?\(query)' ../../state/certs/vcek.der
            cmp 'vlek/v1/Milan/cert?\(query)' ../../state/certs/vlek.der
            cmp vcek/v1/Milan/cert_chain ../../state/certs/cert_chain.pem
            cmp vlek/v1/Milan/crl ../../state/certs/crl.der
            """)
        let listed = try JSONValue(parsing: try run(folder, "certs", "--json").output)
        for entry in try #require(listed["certificates"]?.array) {
            let name = try #require(entry["name"]?.string)
            let form = name.hasSuffix("pem") ? "openssl x509 -outform der -in" : "cat"
            let sum = try folder.shell("\(form) state/certs/\(name) | sha256sum").prefix(64)
            #expect(entry["sha256"]?.string == String(sum), "\(name)")
        }
    }

    /// Certificates that do not belong to chip.json, as a change leaves them that was cut off.
    @Test func anInterruptedChangeIsUndone() throws {
        let folder = try MadeState.scratch()
        let before = try folder.bytes("state/chip.json")
        #expect(try run(folder, "tcb", "configure", "--levels", "snp=3").status == 0)
        #expect(try run(folder, "certs", "revoke", "ask").status == 0)
        try folder.write(before, to: "state/chip.json")
        #expect(try run(folder, "tcb").status == 0)
        #expect(try certified(folder, 3) == "020118")
        #expect(!(try folder.shell("openssl crl -inform der -in state/certs/crl.der -noout -text")).contains("010001"))
        try folder.shell("rm state/certs/vlek.der; : > state/certs/vcek.der")
        #expect(try run(folder, "certs").status == 0)
        try folder.shell("openssl x509 -inform der -in state/certs/vlek.der -noout")
        #expect(try certified(folder, 3) == "020118")
    }

    @Test func changesAtOnceAreAllMade() throws {
        let folder = try MadeState.scratch()
        let program = Scratch.product("snp-emulator").path()
        try folder.shell(
            """
            printf '%s\\n' 'certs revoke ask' 'certs revoke asvk' 'tcb configure --vlek=on' 'tcb install --levels=snp=30' |
                xargs -P 4 -L 1 sh -c 'exec "$0" "$@" --state state > /dev/null' '\(program)'
            """)
        let json = try JSONValue(parsing: try folder.bytes("state/chip.json"))
        #expect(json["crl"]?["revoked"]?.array?.count == 2)
        #expect(json["vlek"]?["loaded"] == .bool(true))
        #expect(json["tcb"]?["current"]?["snp"]?.integer == 30)
        #expect(json["crl"]?["number"]?.integer == 3)
    }

    @Test func aCutDescriptionIsMalformedAtEveryLength() throws {
        let folder = try MadeState.scratch()
        let whole = try folder.bytes("state/chip.json")
        // The last byte is a line end.
        for length in 0..<whole.count - 1 {
            try folder.write(Array(whole[..<length]), to: "state/chip.json")
            #expect(throws: StateError.self, "cut to \(length)") { try StateFolder.load(folder.file("state")) }
        }
        try folder.write(Array(whole[..<100]), to: "state/chip.json")
        #expect(try run(folder, "tcb").status == 65)
    }

    @Test func everyWrongMemberIsNamed() throws {
        let folder = try MadeState.scratch()
        let whole = String(decoding: try folder.bytes("state/chip.json"), as: UTF8.self)
        let cases: [(String, String, String)] = [
            ("\"version\":1", "\"version\":2", "version 2; this program knows version 1"),
            ("\"Milan\"", "\"Rome\"", "generation is unknown"),
            ("\"chip_id\":\"", "\"chip_id\":\"0", "chip_id is not 64 bytes"),
            ("\"snp\":24", "\"snp\":256", "tcb.current.snp is out of range"),
            ("\"mask_chip_id\":false", "\"mask_chip_id\":0", "mask_chip_id is no boolean"),
            ("\"mask_chip_key\"", "\"mask_key\"", "mask_chip_key is missing"),
            ("\"revoked\":[]", "\"revoked\":[\"ark\"]", "crl.revoked is not ask or asvk"),
            ("\"1.55.35\"", "\"1.55\"", "firmware.current is no version"),
            ("\"mitigations\":\"0x1\"", "\"mitigations\":\"1\"", "mitigations is no number"),
            ("{", "{\"more\":1,", "more is unknown"),
        ]
        let compact = try JSONValue(parsing: whole).compact
        for (old, new, words) in cases {
            let range = try #require(compact.range(of: old), "\(old)")
            try folder.write(Array(compact.replacingCharacters(in: range, with: new).utf8), to: "state/chip.json")
            let result = try run(folder, "tcb")
            #expect(result.status == 65 && result.errorText.contains(words), "\(result.errorText)")
        }
        // Reported above committed.
        let raised = compact.replacing("\"snp\":24", with: "\"snp\":23", maxReplacements: 2)
        try folder.write(Array(raised.utf8), to: "state/chip.json")
        #expect(try run(folder, "tcb").errorText.contains("tcb is reported above committed"))
    }

    @Test func missingAndSpoiledFilesAreNamed() throws {
        let folder = try MadeState.scratch()
        #expect(try emulator(["tcb", "--state", "nothing"], folder: folder.path).status == 66)
        try folder.shell("mkdir empty")
        let empty = try emulator(["tcb", "--state", "empty"], folder: folder.path)
        #expect(empty.status == 66 && empty.errorText.contains("snp-emulator init makes one"))
        for (spoil, status): (String, Int32) in [
            ("rm state/keys/ask.pem", 66), ("echo x > state/keys/ask.pem", 65), ("echo x > state/keys/chip.seed", 65),
            ("rm state/keys/chip.seed", 66), (": > state/keys/vlek.seed", 65),
        ] {
            let spoiled = try MadeState.scratch()
            try spoiled.shell(spoil)
            let result = try run(spoiled, "tcb", "configure", "--levels", "snp=1")
            #expect(result.status == status, "\(spoil): \(result.errorText)")
            #expect(result.errorText.contains("state/keys/"))
            // Nothing was changed.
            let json = try JSONValue(parsing: try spoiled.bytes("state/chip.json"))
            #expect(json["tcb"]?["reported"]?["snp"]?.integer == 24)
        }
    }
}
