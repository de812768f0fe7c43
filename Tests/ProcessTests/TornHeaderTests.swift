import Foundation
import HeaderForgery
import TestSupport
import Testing

/// A power cut in the middle of a header copy: it must not lock the machine out.
@Suite struct TornHeaderTests {
    /// A byte of the JSON area of a copy, and the copy's name.
    @Test(arguments: [(0x1000, "primary"), (0x5000, "secondary")])
    func theWholeCopyOpensTheVolumeAndTheTearIsReported(_ offset: Int, _ name: String) throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.volume.write([0x5B], at: offset)
        let before = try Command.run(["sha256sum", machine.volume.path]).text
        let result = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
        let lines = result.errorText.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines.first
                == "sealroot: volume: warning: the \(name) header is torn: checksum does not match; the other copy counts"
        )
        #expect(try Command.run(["sha256sum", machine.volume.path]).text == before, "the guest repairs nothing")
    }

    /// The whole write of a token, cut at each of its parts.
    @Test func everyPartOfAWriteLeavesAVolumeThatOpens() throws {
        let machine = try Machine()
        try machine.enroll()
        let volume = machine.volume
        try machine.tpm.write(Array(#"{"type":"test","keyslots":[]}"#.utf8), to: "token.json")
        let before = try volume.read(0, 0x8000)
        let trace = try WriteTrace(
            of: [
                "/usr/sbin/cryptsetup", "token", "import", "--token-id", "5", "--json-file",
                machine.tpm.path("token.json"), volume.path,
            ], to: volume.path)
        try volume.write(before, at: 0)
        var warnings = 0
        for event in trace.events {
            guard case .write(let offset, let bytes) = event else { continue }
            try volume.write(bytes, at: offset)
            let result = try machine.unlock()
            #expect(result.status == 0, "\(offset): \(result.errorText)")
            warnings += result.errorText.contains("header is torn") ? 1 : 0
        }
        #expect(warnings == 4, "two parts of each copy")
    }

    /// libcryptsetup puts the whole copy over the torn one before it writes.
    @Test(arguments: [0x1000, 0x5000])
    func theToolWorksOnATornHeaderAndRepairsIt(_ offset: Int) throws {
        let machine = try Machine()
        try machine.volume.write([0x5B], at: offset)
        let enrolled = try machine.enroll()
        #expect(enrolled.status == 0, "\(enrolled.errorText)")
        try expectWhole(machine)
        try machine.volume.write([0x5B], at: offset)
        let wiped = try machine.wipe()
        #expect(wiped.status == 0, "\(wiped.errorText)")
        #expect(try ForgedHeader(of: machine.volume).member("tokens.0") == nil)
        #expect(try machine.enroll().status == 0)
        try expectWhole(machine)
    }

    @Test(.enabled(if: DebianImages.isPresent), arguments: [0x1000, 0x5000])
    func resealingWorksOnATornHeader(_ offset: Int) throws {
        let installed = try InstalledMachine()
        #expect(try installed.machine.enroll().status == 0)
        try installed.machine.volume.write([0x5B], at: offset)
        try installed.changeConfiguration("# an update")
        let resealed = try installed.reseal()
        #expect(resealed.status == 0, "\(resealed.errorText)")
        try installed.boot()
        try expectWhole(installed.machine)
    }

    private func expectWhole(_ machine: Machine) throws {
        let result = try machine.unlock()
        #expect(result.status == 0, "\(result.errorText)")
        #expect(!result.errorText.contains("torn"), "\(result.errorText)")
    }
}
