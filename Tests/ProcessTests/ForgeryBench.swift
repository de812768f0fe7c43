import Foundation
import HeaderForgery
import TestSupport
import Testing

/// A machine with an enrolled volume, to whose disk a host does what it likes. Each attack starts from the genuine disk.
final class ForgeryBench {
    let machine: Machine
    private let genuine: [UInt8]
    /// Both header copies and all keyslot areas.
    private static let metadataByteCount = 16 << 20

    init() throws {
        machine = try Machine()
        let enrolled = try machine.enroll()
        try #require(enrolled.status == 0, "\(enrolled.errorText)")
        genuine = try machine.volume.read(0, Self.metadataByteCount)
    }

    var volume: VolumeFile { machine.volume }

    /// The keyslot that the token names. Keyslot 0 is the passphrase's.
    static let sealedKeyslot = 1

    func restore() throws { try volume.write(genuine, at: 0) }

    /// Changes both copies of the header, with both checksums right.
    func forge(_ change: (inout ForgedHeader) throws -> Void) throws {
        var header = try ForgedHeader(of: volume)
        try change(&header)
        try header.write(to: volume)
    }

    /// The unlock, which must leave the disk as it is.
    func unlock() throws -> CommandResult {
        let before = try machine.lastWrites()[volume.path]
        let result = try machine.unlock()
        #expect(try machine.lastWrites()[volume.path] == before, "the disk was written to")
        return result
    }

    /// The unlock after an attack ends with 79 and one line that has `text` in it; and without the attack, the
    /// same disk opens.
    func expectRefusal(_ text: String, after attack: () throws -> Void) throws {
        try attack()
        let result = try unlock()
        #expect(result.status == 79, "\(result.errorText)")
        #expect(result.errorText.contains(text), "\(result.errorText)")
        #expect(result.errorText.split(separator: "\n").count == 1, "\(result.errorText)")
        try restore()
        #expect(try machine.unlock().status == 0)
    }
}
