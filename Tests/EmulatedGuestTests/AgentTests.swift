import Foundation
import SNPABI
import TestSupport
import Testing

/// `snp-emulator-guest`, with pseudoterminals for the machine's ports, an emulated AMD-SP behind them, and clients that
/// know nothing of either.
@Suite struct AgentTests {
    private let machine: Machine

    init() throws { machine = try Machine() }

    @Test func bringsAReportThroughThePort() throws {
        let host = try MachineHost(certificates: [UInt8](repeating: 0x5A, count: 5000))
        let calls = try machine.calls(
            "$client report $device vmpl=2; $client ext-report $device vmpl=2 certs-len=8192; $client key $device vmpl=2",
            on: host)
        #expect(calls.map(\.errno) == [0, 0, 0])
        #expect(calls.map { $0["status"] } == ["00000000", "00000000", "00000000"])
        for call in calls.prefix(2) {
            // VMPL at 0x30 of the report, REPORT_DATA at 0x50.
            #expect(call["answer"].dropFirst(0x60).prefix(8) == "02000000")
            #expect(call["answer"].dropFirst(0xA0).prefix(128) == call["asked"])
        }
        #expect(calls.last?["answer"].allSatisfy { $0 == "0" } == false)
        #expect(calls.dropFirst().first?["certs"] == String(repeating: "5a", count: 5000))
        // The level of the key is the lowest that the AMD-SP gives reports of.
        let lower = try Machine().calls("$client report $device vmpl=1", on: try MachineHost())
        #expect(lower.first?["status"] == "16000000")
    }

    @Test func namesTheRoomThatTheHostWants() throws {
        let host = try MachineHost(certificates: [UInt8](repeating: 0x5A, count: 5000))
        let calls = try machine.calls(
            "$client ext-report $device vmpl=2 certs-len=4096; $client report $device vmpl=2", on: host)
        #expect(calls.map(\.errno) == [EIO, 0])
        #expect(calls.first?["certs-len"] == "2000")
    }

    /// What a client in the guest reads, nobody on the way can.
    @Test func showsTheHostCiphertextOnly() throws {
        let host = try MachineHost()
        let call = try #require(try machine.calls("$client report $device vmpl=2", on: host).first)
        let wire = Self.hexadecimal(host.processorPort.wire)
        #expect(wire.utf8.count > 2 * 2 * 4096)
        let secrets = Self.hexadecimal(host.secretsPage)
        for key in (0...3).map({ Self.hexadecimal(host.key($0)) }) {
            #expect(!wire.contains(key.prefix(32)))
            // The control: the same search finds the key where it is.
            #expect(secrets.contains(key.prefix(32)))
        }
        // Neither what was asked nor any 16 bytes of the answer that are not zero.
        #expect(!wire.contains(call["asked"].prefix(32)))
        #expect(call["answer"].contains(call["asked"].prefix(32)))
        let report = Array(call["answer"])
        for start in stride(from: 0, to: report.count - 31, by: 32) {
            let part = String(report[start..<start + 32])
            if Set(part).count > 4 { #expect(!wire.contains(part), "report at \(start / 2)") }
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func doesNotTakeAChangedAnswer() throws {
        // One bit of the encrypted report, in the last 4096 bytes.
        let host = try MachineHost { direction, body in
            var body = body
            if direction == .answer { body[body.count - 4096 + 0x60 + 300] ^= 0x10 }
            return body
        }
        #expect(try machine.calls("$client report $device vmpl=2 count=2", on: host).map(\.errno) == [EBADMSG, ENOTTY])
    }

    @Test func isRefusedForAChangedRequest() throws {
        let host = try MachineHost { direction, body in
            var body = body
            if direction == .request { body[5 + 0x60 + 10] ^= 0x10 }
            return body
        }
        #expect(try machine.calls("$client report $device vmpl=2 count=2", on: host).map(\.errno) == [EIO, ENOTTY])
    }

    @Test func failsAtOnceWhereThePortCloses() throws {
        nonisolated(unsafe) var answers = 0
        let host = try MachineHost { direction, body in
            if direction == .answer { unsafe answers += 1 }
            return unsafe answers > 1 ? nil : body
        }
        let started = Date()
        #expect(try machine.calls("$client report $device vmpl=2 count=3", on: host).map(\.errno) == [0, EIO, ENOTTY])
        #expect(Date().timeIntervalSince(started) < 20)
    }

    @Test func showsTheReportsOfConfigfs() throws {
        let contents = [UInt8](repeating: 9, count: 1000 - 48)
        let host = try MachineHost(
            certificates: CertificateTable([.init(CertificateTable.vcek, contents)]).encoded())
        let text = try machine.output(
            """
            $agent; mkdir $reports/a; cd $reports/a; cat provider privlevel_floor; echo 3 > privlevel
            head -c 64 /dev/zero | tr '\\0' x > inblob; wc -c < outblob; wc -c < auxblob
            tail -c +49 outblob | head -c 1 | xxd -p; tail -c +81 outblob | head -c 64
            """, on: host)
        #expect(text == "sev_guest\n2\n1184\n1000\n03\n" + String(repeating: "x", count: 64))
    }

    @Test func asksTheSVSMPastTheProcessorsPort() throws {
        let host = try MachineHost(svsm: machine.scratch.file("tpm"))
        let text = try machine.output(
            """
            $agent; mkdir $reports/a; folder=$PWD; cd $reports/a
            echo svsm > service_provider; echo c476f1eb-0123-45a5-9641-b4e7dde5bfe3 > service_guid
            head -c 64 /dev/urandom > $folder/nonce; cat $folder/nonce > inblob
            cat outblob > $folder/report; cat manifestblob > $folder/manifest; cd $folder
            tail -c +81 report | head -c 64 | xxd -p -c 64
            cat nonce manifest | openssl dgst -sha512 -r | cut -d ' ' -f 1
            tail -c +49 report | head -c 4 | xxd -p
            echo 00000000-0000-0000-0000-000000000001 > $reports/a/service_guid
            cat $reports/a/outblob 2>&1 | grep -c 'Invalid argument'
            """, on: host)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.first == lines.dropFirst().first)
        #expect(lines.dropFirst(2) == ["00000000", "1"])
        #expect(host.processorPort.wire.isEmpty)
    }

    @Test func hasNoSVSMAtTheHighestLevel() throws {
        let host = try MachineHost()
        #expect(
            try machine.output("$agent; mkdir $reports/a; ls $reports/a | grep -c service || true", on: host, level: 0)
                == "0")
        let calls = try Machine().calls("$client report $device vmpl=0", on: try MachineHost(), level: 0)
        #expect(calls.first?["status"] == "00000000")
    }
}
