import Foundation
import JSON
import TestSupport
import Testing

/// `sealroot recovery-key`, beside the programs of others that work on the same keys.
@Suite struct RecoveryKeyProcessTests {
    private let volume: VolumeFile
    private let scratch: Scratch

    init() throws {
        volume = try VolumeFile()
        scratch = try Scratch()
    }

    private func recoveryKey(_ arguments: String...) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path, "recovery-key"] + arguments)
    }

    /// Adds a key and returns it.
    private func add(_ volume: VolumeFile? = nil) throws -> (keyslot: Int, key: String) {
        let volume = volume ?? self.volume
        let result = try recoveryKey("add", volume.path, "--key-file", volume.keyFile, "--json")
        #expect(result.status == 0, "\(result.errorText)")
        let object = try JSONValue(parsing: result.output)
        return (Int(try #require(object["keyslot"]?.integer)), try #require(object["recovery_key"]?.string))
    }

    private func check(_ typed: String) throws -> CommandResult {
        try scratch.write(Array(typed.utf8), to: "typed")
        let script = #"exec "$0" recovery-key check "$1" --json < "$2""#
        let program = Scratch.product("sealroot").path
        return try Command.run(["sh", "-c", script, program, volume.path, scratch.file("typed")])
    }

    private func list() throws -> String { try recoveryKey("list", volume.path).text }

    private func opens(_ key: String) throws -> Bool {
        try scratch.write(Array(key.utf8), to: "key")
        let open = ["cryptsetup", "open", "--test-passphrase", "--key-file", scratch.file("key"), volume.path]
        return try Command.run(open, environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"]).status == 0
    }

    @Test func systemdListsTheKeyAndCryptsetupOpensWithIt() throws {
        let (keyslot, key) = try add()
        #expect(keyslot == 1)
        #expect(try opens(key))
        #expect(try scratch.shell("systemd-cryptenroll \(volume.path) | tr -s ' '").contains("1 recovery"))
        let token = try volume.cryptsetup("token", ["export", "--token-id", "0", volume.path])
        let object = try JSONValue(parsing: Array(token.utf8))
        #expect(object.members?.map(\.name) == ["type", "keyslots"])
        #expect(object["keyslots"] == .array([.string("1")]))
        let dump = try JSONValue(
            parsing: try volume.cryptsetup("luksDump", ["--dump-json-metadata", volume.path]))
        #expect(dump["keyslots"]?["1"]?["kdf"]?["type"] == .string("pbkdf2"))
        #expect(dump["keyslots"]?["1"]?["kdf"]?["iterations"] == .integer(1000))
    }

    @Test func worksOnAKeyThatSystemdMade() throws {
        let key = try scratch.shell(
            "PASSWORD=\"$(cat \(volume.keyFile))\" systemd-cryptenroll --recovery-key \(volume.path) 2>/dev/null")
        #expect(try list() == "keyslot 1, token 0")
        #expect(try check(key + "\n").text == #"{"keyslot":1,"listed":true}"#)
        #expect(try recoveryKey("remove", volume.path).status == 0)
        #expect(try !opens(key))
        #expect(try !scratch.shell("systemd-cryptenroll \(volume.path)").contains("recovery"))
    }

    @Test func drawsTheKeyThatItPrints() throws {
        let result = try recoveryKey("add", volume.path, "--key-file", volume.keyFile, "--qr")
        let lines = result.text.split(separator: "\n")
        let key = try #require(lines.dropFirst().first).dropFirst("recovery key: ".count)
        #expect(try opens(String(key)))
        let drawing = try scratch.shell("printf %s \(key) | qrencode -8 -l M -m 4 -t UTF8 -o -")
        #expect(lines.dropFirst(2).joined(separator: "\n") == drawing)
    }

    @Test func aVolumeThatIsEnrolledUnlocksAsBefore() throws {
        let machine = try Machine()
        try machine.enroll()
        let (keyslot, key) = try add(machine.volume)
        #expect(try machine.unlock().status == 0)
        // Also by the recovery key, without dashes, one adds another.
        let script = #"printf %s "$2" | tr -d - | "$0" recovery-key add "$1""#
        let again = try Command.run(["sh", "-c", script, Scratch.product("sealroot").path, machine.volume.path, key])
        #expect(again.status == 0, "\(again.errorText)")
        #expect(try recoveryKey("remove", machine.volume.path, "--keyslot", "\(keyslot)").status == 0)
        #expect(try machine.unlock().status == 0)
        #expect(try machine.wipe().status == 0)
        #expect(try recoveryKey("list", machine.volume.path).text == "keyslot 3, token 2", "wipe leaves it")
    }

    @Test func theKeyslotToRemoveMustBeToldWhereThereAreSeveral() throws {
        let (first, _) = try add()
        let (second, key) = try add()
        #expect(try recoveryKey("remove", volume.path).status == 64)
        #expect(try recoveryKey("remove", volume.path, "--keyslot", "0").status == 79, "this one is a passphrase's")
        #expect(try recoveryKey("remove", volume.path, "--keyslot", "\(first)").status == 0)
        #expect(try opens(key))
        #expect(try recoveryKey("remove", volume.path, "--json").text == #"{"keyslot":2,"token":1}"#)
        #expect(second == 2)
        #expect(try list().isEmpty)
        #expect(try recoveryKey("remove", volume.path).status == 79)
    }

    @Test func theLastKeyslotStaysUnlessForced() throws {
        let (_, key) = try add()
        try volume.cryptsetup("luksKillSlot", [volume.path, "0"])
        let result = try recoveryKey("remove", volume.path)
        #expect(result.status == 79)
        #expect(result.errorText.contains("no other keyslot"))
        #expect(try opens(key))
        #expect(try recoveryKey("remove", volume.path, "--force").status == 0)
        #expect(try !opens(key))
    }

    @Test(arguments: [#"exec "$0" "$@" > /dev/full"#, #""$0" "$@" | true; exit 74"#])
    func aKeyThatNobodyGotIsRemovedAgain(_ script: String) throws {
        let arguments = ["recovery-key", "add", volume.path, "--key-file", volume.keyFile]
        let result = try Command.run(["sh", "-c", script, Scratch.product("sealroot").path] + arguments)
        #expect(result.status == 74)
        #expect(try list().isEmpty)
        let dump = try JSONValue(parsing: try volume.cryptsetup("luksDump", ["--dump-json-metadata", volume.path]))
        #expect(dump["keyslots"]?.members?.count == 1)
        #expect(dump["tokens"]?.members?.count == 0)
    }

    @Test func whatAnInterruptedRemovalLeavesIsNoKeyAndGoesWithTheNext() throws {
        let (_, _) = try add()
        let (_, _) = try add()
        try volume.cryptsetup("luksKillSlot", [volume.path, "1"])
        #expect(try list() == "keyslot 2, token 1")
        #expect(try recoveryKey("remove", volume.path).status == 0)
        let dump = try JSONValue(parsing: try volume.cryptsetup("luksDump", ["--dump-json-metadata", volume.path]))
        #expect(dump["tokens"]?.members?.count == 0)
    }

    @Test func checkTellsWhatIsWrongWithATypedKey() throws {
        let (keyslot, key) = try add()
        #expect(try check(key.uppercased().filter { $0 != "-" }).text == #"{"keyslot":\#(keyslot),"listed":true}"#)
        var groups = key.split(separator: "-").map(String.init)
        groups[2].removeLast()
        let short = try check(groups.joined(separator: "-"))
        #expect(short.status == 65)
        #expect(short.errorText.contains("group 3 has 7 letters"))
        groups[2] += "x"
        let foreign = try check(groups.joined(separator: "-"))
        #expect(foreign.status == 65)
        #expect(foreign.errorText.contains("group 3, character 8"))
        groups[2] = String(repeating: groups[2].first == "c" ? "b" : "c", count: 8)
        #expect(try check(groups.joined(separator: "-")).status == 79)
        #expect(try check("").status == 65)
    }

    @Test func aWrongPassphraseChangesNothing() throws {
        let before = try Command.run(["sha256sum", volume.path]).text
        try scratch.write(Array("wrong".utf8), to: "wrong")
        let result = try recoveryKey("add", volume.path, "--key-file", scratch.file("wrong"))
        #expect(result.status == 79)
        #expect(result.output.isEmpty)
        #expect(try Command.run(["sha256sum", volume.path]).text == before)
    }

    @Test func anUnknownVolumeOrArgumentIsRefused() throws {
        #expect(try recoveryKey("list", "/no/such/volume").status == 66)
        #expect(try recoveryKey("add", volume.path, "--qr", "--json").status == 64)
        #expect(try recoveryKey("remove", volume.path, "--keyslot", "x").status == 64)
    }
}
