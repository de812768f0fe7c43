import Foundation
import TestSupport
import Testing

/// What the host may do to the disk. Each ends in its own exit code and one line, and nothing is written.
@Suite struct HostileVolumeTests {
    private func digest(_ machine: Machine) throws -> String {
        try Command.run(["sha256sum", machine.volume.path]).text
    }

    private func expect(_ code: Int32, saying text: String, from machine: Machine) throws {
        let before = try digest(machine)
        let result = try machine.unlock()
        #expect(result.status == code, "\(result.errorText)")
        #expect(result.errorText.contains(text), "\(result.errorText)")
        #expect(result.errorText.split(separator: "\n").count == 1)
        #expect(try digest(machine) == before)
    }

    private func replaceToken(of machine: Machine, _ change: (String) -> String) throws {
        let token = try machine.volume.cryptsetup("token", ["export", "--token-id", "0", machine.volume.path])
        _ = try machine.volume.cryptsetup("token", ["remove", "--token-id", "0", machine.volume.path])
        _ = try machine.volume.importToken(change(token))
    }

    @Test func twoBrokenHeaderCopiesAreNoVolume() throws {
        let machine = try Machine()
        try machine.enroll()
        try machine.volume.write([0x5B], at: 0x1000)
        try machine.volume.write([0x5B], at: 0x5000)
        try expect(65, saying: "malformed", from: machine)
    }

    @Test(arguments: [
        (#""version":1"#, #""version":2"#, "version 2 is not known"),
        (#""version":1"#, #""version":"1""#, "not of type integer"),
        (#""header_mac""#, #""header_mace""#, "header_mac"),
        (#""private":""#, #""private":"!"#, "not base64"),
        (#""policies""#, #""x":1,"policies""#, "unknown"),
    ])
    func aTokenThatIsNoneIsMalformed(_ old: String, _ new: String, _ message: String) throws {
        let machine = try Machine()
        try machine.enroll()
        try replaceToken(of: machine) { $0.replacing(": ", with: ":").replacing(old, with: new) }
        try expect(65, saying: message, from: machine)
    }

    @Test func aTokenOfAnotherVolumeIsRefused() throws {
        let machine = try Machine()
        try machine.enroll()
        let other = try Machine()
        try other.enroll()
        let foreign = try other.volume.cryptsetup("token", ["export", "--token-id", "0", other.volume.path])
        try replaceToken(of: machine) { _ in foreign }
        try expect(77, saying: "another TPM", from: machine)
    }

    @Test func aChangedHeaderMACIsRefused() throws {
        let machine = try Machine()
        try machine.enroll()
        try replaceToken(of: machine) { token in
            let text = token.replacing(": ", with: ":")
            let field = #""header_mac":""#
            guard let range = text.range(of: field) else { return text }
            let digit = text[range.upperBound]
            return text.replacing(field + String(digit), with: field + (digit == "0" ? "1" : "0"))
        }
        try expect(79, saying: "header MAC", from: machine)
    }
}
