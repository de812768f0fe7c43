import BoundedBytes
import Foundation
import InitramfsRuntime
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

@testable import SNPEmulator

/// The vTPM is tied to chip, launch and policy by what the emulated AMD-SP derives, and by nothing that we pass in.
@Suite struct SVSMModelTests {
    private let scratch: Scratch
    private var folder: String { scratch.file("vtpm") }

    init() throws { scratch = try Scratch() }

    @Test func findsItsTPMAgainAfterAReboot() throws {
        let first = try EmulatedGuest().svsm(in: folder)
        let keys = first.endorsementKeys
        first.close()
        // The next boot of the same image on the same chip: another guest to the AMD-SP, with other VMPCKs.
        let second = try EmulatedGuest().svsm(in: folder)
        #expect(second.endorsementKeys == keys)
        let made = try EndorsementKey.rsa.make(in: second.tpm)
        #expect(made == keys[.rsa])
    }

    @Test(arguments: ["measurement", "policy", "chip", "reported TCB"])
    func doesNotOpenTheStateOfAnother(_ difference: String) throws {
        try EmulatedGuest().svsm(in: folder).close()
        let other =
            switch difference {
            case "measurement": try EmulatedGuest(firmware: 2)
            case "policy": try EmulatedGuest(policy: 0xB0000)
            case "chip": try EmulatedGuest(chip: 2)
            default: try EmulatedGuest { $0.reportedTCB.rawValue -= 1 << 56 }
            }
        let error = #expect(throws: SVSMError.self) { try other.svsm(in: folder) }
        guard case .otherLaunch(let differences) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(differences.count == 1 && differences[0].hasPrefix(difference + ": made for "))
        // It was not harmed.
        try EmulatedGuest().svsm(in: folder).close()
    }

    /// Whatever the host does to the messages, no TPM comes of it, and no file.
    @Test(arguments: [MessageAttack.drop, .flipRequest, .flipResponse, .flipResponseHeader, .status, .replayRequest])
    func makesNoTPMForAHostThatCheats(_ attack: MessageAttack) throws {
        let guest = try EmulatedGuest()
        let error = #expect(throws: SVSMError.self) { try guest.svsm(in: folder, attack: attack) }
        guard case .processor = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.exitCode == .unavailable)
        #expect(!scratch.exists("vtpm") && !scratch.exists("vtpm.new"))
    }

    /// The answer to the report request in place of the one to the key request.
    @Test func takesNoReplayedAnswerForAKey() throws {
        let guest = try EmulatedGuest()
        #expect(throws: SVSMError.self) { try guest.svsm(in: folder, attack: .replayResponse) }
        #expect(!scratch.exists("vtpm"))
    }

    @Test func waitsForABusyHost() throws {
        let guest = try EmulatedGuest()
        try guest.svsm(in: folder, attack: .throttle).close()
        #expect(scratch.exists("vtpm/" + VTPMState.stateFile))
    }

    @Test func neverWritesItsKeyAnywhere() throws {
        let guest = try EmulatedGuest()
        let svsm = try guest.svsm(in: folder)
        let twin = try EmulatedGuest()
        let messages = SVSMMessages(channel: twin.seat(), key: twin.key)
        let secret = try messages.key(SVSMModel.keyRequest)
        var key: [UInt8] = []
        for index in 0..<secret.count { key.append(secret.bytes[index]) }
        #expect(key.contains { $0 != 0 })

        let process = "/proc/\(svsm.tpm.processNumber)"
        let places = ["/cmdline", "/environ"].map { process + $0 }
        for path in try places + scratch.shell("find \(scratch.path) -type f").split(separator: "\n").map(String.init) {
            let bytes = Data(try FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data())
            #expect(bytes.range(of: Data(key)) == nil, "\(path)")
            #expect(bytes.range(of: Data(Hexadecimal.encode(key).utf8)) == nil, "\(path)")
        }
        // The anonymous file that brought it is empty now.
        let keyFile = try scratch.shell(
            "for f in \(process)/fd/*; do case $(readlink $f) in *swtpm-key*) cat $f | wc -c;; esac; done")
        #expect(["", "0"].contains(keyFile))
    }
}
