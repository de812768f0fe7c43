import Foundation
import JSON
import TestSupport
import Testing

/// `sealroot encrypt-image` as a script sees it.
@Suite(.serialized) struct EncryptImageCommandTests {
    private func sealroot(_ image: RootImage, _ arguments: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path, "encrypt-image"] + arguments, folder: image.scratch.path)
    }

    @Test func printsTheRecoveryKeyOnceAndItOpensTheVolume() throws {
        let image = try RootImage()
        let result = try sealroot(image, ["disk.img"])
        #expect(result.status == 0)
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines.count == 2)
        let shape = /recovery key: ((?:[cbdefghijklnrtuv]{8}-){7}[cbdefghijklnrtuv]{8})/
        let key = try #require(try shape.wholeMatch(in: lines[0]))
        try image.scratch.write(Array(key.1.utf8), to: "key")
        try image.requireSameFiles()
        #expect(!result.errorText.contains(key.1))
    }

    @Test func printsOneJSONObjectWithTheKey() throws {
        let image = try RootImage()
        let result = try sealroot(image, ["disk.img", "--json"])
        #expect(result.status == 0)
        let object = try JSONValue(parsing: result.output)
        let names = ["image", "partition", "partition_name", "uuid", "header_bytes", "grown_bytes", "recovery_key"]
        #expect(object.members?.map(\.name) == names)
        #expect(object["image"] == .string("disk.img"))
        #expect(object["partition"] == .integer(2))
        #expect(object["partition_name"] == .string("root"))
        #expect(object["header_bytes"] == .integer(16 << 20))
        #expect(object["grown_bytes"] == .integer(0))
        try image.scratch.write(Array(object["recovery_key"]?.string?.utf8 ?? "".utf8), to: "key")
        try image.requireSameFiles()
    }

    /// Foundation has a `uuid_unparse` of its own, in capitals, that would take the place of libuuid's in
    /// libcryptsetup if this program were linked with it; everything else on Linux writes lower case.
    @Test func namesTheVolumeInLowerCase() throws {
        let image = try RootImage()
        let result = try sealroot(image, ["disk.img", "--json", "--recovery-key-out", "key"])
        let object = try JSONValue(parsing: result.output)
        let uuid = try #require(object["uuid"]?.string)
        #expect(try /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.wholeMatch(in: uuid) != nil)
        #expect(object["recovery_key"] == nil)
        #expect(object["recovery_key_file"] == .string("key"))
        #expect(try image.scratch.shell("stat -c '%a %s' key") == "600 71")
        try image.requireSameFiles()
    }

    @Test func showsProgressAsPercentagesWhereThereIsNoTerminal() throws {
        let image = try RootImage()
        let result = try sealroot(image, ["disk.img", "--recovery-key-out", "key"])
        let lines = result.errorText.split(separator: "\n")
        #expect(!result.errorText.contains("\r") && !result.errorText.contains("\u{1B}"))
        #expect(lines.contains("encrypting 100%"))
        #expect(lines.contains("writing the image 100%"))
        // A tenth at least lies between two lines of a phase.
        #expect(lines.count < 5 * 13)
    }

    @Test func endsWithTheCodeOfTheFailureAndOneLine() throws {
        let image = try RootImage()
        let missing = try sealroot(image, ["other.img", "--json"])
        #expect(missing.status == 66)
        #expect(missing.errorText == "sealroot: image: missing: cannot open other.img: No such file or directory\n")
        let object = try JSONValue(parsing: missing.output)
        #expect(object["code"] == .integer(66))
        #expect(object["area"] == .string("image"))
        try image.scratch.shell("truncate -s 1M empty.img")
        #expect(try sealroot(image, ["empty.img"]).status == 65)
        #expect(try sealroot(image, ["disk.img", "--partition", "7"]).status == 64)
        #expect(try sealroot(image, []).status == 64)
    }

    @Test func leavesTheImageAloneWhenNobodyReadsTheKey() throws {
        let image = try RootImage()
        let before = try image.digest()
        let binary = Scratch.product("sealroot").path
        let status = try image.scratch.shell(
            "exec 3>&1; { '\(binary)' encrypt-image disk.img 2>/dev/null || echo $? >&3; } | exec true")
        #expect(status == "74")
        #expect(try image.digest() == before)
        #expect(!image.workFolderExists)
    }
}
