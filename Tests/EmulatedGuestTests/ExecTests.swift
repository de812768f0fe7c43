import Foundation
import TestSupport
import Testing

/// `snp-emulator exec`: guests on an emulated AMD-SP.
@Suite struct ExecTests {
    private let scratch: Scratch
    private static let program = Scratch.product("snp-emulator").path

    init() throws { scratch = try EmulatedChip.scratch() }

    private func run(_ script: String, _ options: String..., state: String = "state") throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "60", Self.program, "exec", "--state", scratch.file(state)]
                + ["--vtpm", "none"] + options + ["--", "sh", "-euc", script],
            environment: ["client": StandInGuest.client, "reports": "/sys/kernel/config/tsm/report"],
            folder: scratch.path)
    }

    private func call(_ arguments: String, _ options: String...) throws -> ClientCall {
        let words = options
        let result = try Command.run(
            [Self.program, "exec", "--state", scratch.file("state"), "--vtpm", "none"] + words
                + ["--", StandInGuest.client] + arguments.split(separator: " ").map(String.init))
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return ClientCall(result.text)
    }

    /// Bytes of a report that the client printed, in hexadecimal.
    private func field(_ call: ClientCall, _ range: Range<Int>) -> String {
        String(call["answer"].dropFirst(2 * range.lowerBound).prefix(2 * range.count))
    }

    @Test func measuresTheFirmwareThatIsNamed() throws {
        try scratch.shell("head -c 8192 /dev/zero | tr '\\0' a > small.fd")
        let report = try call(
            "report", "--ovmf", scratch.file("small.fd"), "--host-data", String(repeating: "5a", count: 32))
        #expect(report["status"] == "00000000")
        #expect(field(report, 0x50..<0x90) == report["asked"])
        #expect(field(report, 0x0C0..<0x0E0) == String(repeating: "5a", count: 32))
        #expect(field(report, 0x008..<0x010) == "0000030000000000")
        // The chain of PAGE_INFO records, by Python: two pages, a page of secrets, one save area.
        let expected = try scratch.shell(
            """
            python3 - <<'END'
            import hashlib, struct
            digest = bytes(48)
            def update(contents, kind, address):
                global digest
                digest = hashlib.sha384(digest + contents + struct.pack("<HBBIQ", 0x70, kind, 0, 0, address)).digest()
            for page in range(2):
                update(hashlib.sha384(b"a" * 4096).digest(), 1, 0x100000000 - 8192 + 4096 * page)
            update(bytes(48), 5, 0x80D000)
            vmsa = bytearray(4096)
            def put(offset, form, *values): struct.pack_into(form, vmsa, offset, *values)
            for offset, selector, attributes, base in (
                (0x00, 0, 0x93, 0), (0x10, 0xF000, 0x9B, 0xFFFF0000), (0x20, 0, 0x93, 0), (0x30, 0, 0x93, 0),
                (0x40, 0, 0x93, 0), (0x50, 0, 0x93, 0), (0x60, 0, 0, 0), (0x70, 0, 0x82, 0), (0x80, 0, 0, 0),
                (0x90, 0, 0x8B, 0)):
                put(offset, "<HHIQ", selector, attributes, 0xFFFF, base)
            for offset, value in (
                (0xD0, 0x1000), (0x148, 0x40), (0x158, 0x10), (0x160, 0x400), (0x168, 0xFFFF0FF0), (0x170, 2),
                (0x178, 0xFFF0), (0x268, 0x0007040600070406), (0x310, 0x800F12), (0x3B0, 1), (0x3E8, 1)):
                put(offset, "<Q", value)
            put(0x408, "<I", 0x1F80)
            put(0x410, "<H", 0x37F)
            update(hashlib.sha384(vmsa).digest(), 2, 0xFFFFFFFFF000)
            print(digest.hex())
            END
            """)
        #expect(field(report, 0x090..<0x0C0) == expected)
    }

    @Test func measuresDebiansFirmwareAsMeasureDoes() throws {
        let measured = try Command.run(
            [Self.program, "measure", "--ovmf", "/usr/share/ovmf/OVMF.fd", "--vcpu-type", "EPYC-v4", "--vcpus", "3"])
        let report = try call("report", "--vcpus", "3")
        // Without SEV metadata no real host would launch it, and `measure` refuses.
        if measured.status == 0 {
            #expect(field(report, 0x090..<0x0C0) == measured.text)
        } else {
            #expect(measured.errorText.contains("no SEV metadata"))
            #expect(field(report, 0x090..<0x0C0) != String(repeating: "0", count: 96))
        }
    }

    @Test func signsItsReportsWithACertifiedKey() throws {
        let report = try call("ext-report certs-len=16384")
        #expect(report["certs"].hasPrefix("63da758de6644564adc5f4b93be8accd"))
        try scratch.write(try #require(Self.bytes(report["answer"])), to: "report")
        try scratch.write(try #require(Self.bytes(report["certs"])), to: "certs")
        // R and S are little-endian numbers of 72 bytes at 0x2A0 and 0x2E8; the first 0x2A0 bytes are signed.
        let verified = try scratch.shell(
            """
            python3 - <<'END'
            import struct
            report, certs = open("report", "rb").read(), open("certs", "rb").read()
            offset, length = struct.unpack_from("<II", certs, 16)
            open("vcek.der", "wb").write(certs[offset:offset + length])
            def integer(bytes):
                number = bytes[::-1].lstrip(b"\\0")
                if number[0] & 0x80: number = b"\\0" + number
                return b"\\x02" + bytearray([len(number)]) + number
            body = integer(report[0x2A0:0x2A0 + 72]) + integer(report[0x2E8:0x2E8 + 72])
            open("signature", "wb").write(b"\\x30" + bytearray([len(body)]) + body)
            open("signed", "wb").write(report[:0x2A0])
            END
            openssl x509 -inform der -in vcek.der -noout -pubkey > key.pem
            openssl dgst -sha384 -verify key.pem -signature signature signed
            cmp vcek.der state/certs/vcek.der
            """)
        #expect(verified == "Verified OK")
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8]? {
        let digits = Array(hexadecimal)
        guard digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).reduce(into: [UInt8]?([])) { bytes, index in
            guard let byte = UInt8(String(digits[index..<index + 2]), radix: 16) else { return bytes = nil }
            bytes?.append(byte)
        }
    }

    @Test func derivesTheSameKeyForTheSameLaunchOnly() throws {
        try scratch.shell("head -c 4096 /dev/zero > one.fd; head -c 4096 /dev/urandom > two.fd")
        let (one, two) = (scratch.file("one.fd"), scratch.file("two.fd"))
        let key = try call("key", "--ovmf", one)["answer"]
        #expect(try call("key", "--ovmf", one)["answer"] == key)
        #expect(try call("key", "--ovmf", two)["answer"] != key)
        #expect(try call("key", "--ovmf", one, "--policy", "0xb0000")["answer"] != key)
        #expect(try call("key vmpl=1", "--ovmf", one)["answer"] != key)
    }

    @Test func speaksUnderTheKeyOfItsLevel() throws {
        #expect(field(try call("report vmpl=2", "--vmpl", "2"), 0x30..<0x34) == "02000000")
        #expect(try call("report vmpl=1", "--vmpl", "2")["status"] == "16000000")
        #expect(try run("mkdir $reports/a; cat $reports/a/privlevel_floor", "--vmpl", "1").text == "1")
    }

    @Test func refusesAttackedMessages() throws {
        #expect(try call("report", "--attack", "flip-request").errno == EIO)
        #expect(try call("report", "--attack", "replay-request").errno == EIO)
        #expect(try call("report", "--attack", "flip-response").errno == EBADMSG)
    }

    @Test func hidesTheStateFromTheGuest() throws {
        #expect(try run("ls state | wc -l").text == "0")
        #expect(try scratch.shell("test -s state/keys/chip.seed && echo kept") == "kept")
    }

    @Test func hasNoSecureProcessorWithoutSNP() throws {
        for mode in ["none", "sev", "sev-es"] {
            #expect(try run("test ! -e /dev/sev-guest", "--protection", mode).status == 0)
        }
        #expect(try run("true", "--protection", "sev", "--attack", "throttle").status == 64)
        #expect(try run("true", "--protection", "sev", "--vtpm", "svsm").status == 64)
    }

    @Test func refusesALaunchThatTheProcessorRefuses() throws {
        // Bit 17 must be one; an ABI of 2.0 is newer than any firmware.
        let reserved = try run("true", "--policy", "0x10000")
        #expect(reserved.status == 64)
        #expect(reserved.errorText.contains("INVALID_PARAM"))
        #expect(try run("true", "--policy", "0x30200").errorText.contains("POLICY_FAILURE"))
        try scratch.shell("head -c 96 /dev/zero > block; head -c 4096 /dev/zero > auth; head -c 95 block > cut")
        #expect(try run("true", "--id-block", scratch.file("block")).status == 64)
        #expect(try run("true", "--id-block", scratch.file("block"), "--id-auth", scratch.file("auth")).status != 0)
        #expect(try run("true", "--ovmf", "/nonexistent").status == 66)
        #expect(try run("true", "--ovmf", scratch.file("cut")).status == 65)
    }

    @Test func hasOneGuestAtATime() throws {
        let text = try scratch.shell(
            """
            rm -f ready end
            \(Self.program) exec --state state --vtpm none -- sh -c 'touch ready; until [ -e end ]; do sleep 0.05; done' & guest=$!
            until [ -e ready ]; do sleep 0.05; done
            \(Self.program) exec --state state --vtpm none -- true 2> error || echo $?
            grep -c 'another guest runs on' error
            kill -KILL $guest; wait $guest 2> /dev/null || true
            \(Self.program) exec --state state --vtpm none -- echo again
            """)
        #expect(text == "75\n1\nagain")
    }

    @Test func refusesAStateThatIsNone() throws {
        #expect(try run("true", state: "nothing").status == 66)
        try scratch.shell("rm -rf half; cp -a state half; head -c 100 state/chip.json > half/chip.json")
        #expect(try run("true", state: "half").status == 65)
        try scratch.shell("cp state/chip.json half/chip.json; head -c 5 state/keys/chip.seed > half/keys/chip.seed")
        #expect(try run("true", state: "half").status == 65)
        try scratch.shell("rm half/keys/chip.seed")
        let missing = try run("true", state: "half")
        #expect(missing.status == 66)
        #expect(missing.errorText.contains("chip.seed"))
    }

    @Test(.enabled(if: geteuid() == 0)) func saysThatAStateIsReadOnly() throws {
        let result = try Command.run(
            [
                "unshare", "-m", "sh", "-euc",
                "mount --bind state state; mount -o remount,ro,bind state; exec \(Self.program) exec --state state --vtpm none -- true",
            ], folder: scratch.path)
        #expect(result.status == 74)
        #expect(result.errorText.contains("guest.lock: Read-only file system"))
    }
}
