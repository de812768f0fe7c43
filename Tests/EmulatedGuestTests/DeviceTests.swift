import Foundation
import TestSupport
import Testing

/// /dev/sev-guest, judged by a C program that knows the kernel's header only. The expected errors are those of Linux's
/// driver, `drivers/virt/coco/sev-guest/sev-guest.c`.
@Suite struct DeviceTests {
    @Test func givesAReportOverTheCallersData() throws {
        let call = try #require(try StandInGuest.calls("report vmpl=2 count=1").first)
        #expect(call.errno == 0)
        #expect(call["rc"] == "0")
        #expect(call["status"] == "00000000")
        // VMPL at 0x30 of the report, REPORT_DATA at 0x50.
        #expect(call["answer"].dropFirst(0x60).prefix(8) == "02000000")
        #expect(call["answer"].dropFirst(0xA0).prefix(128) == call["asked"])
        #expect(call["rest"] == String(repeating: "0", count: 32))
        // Linux does not write the argument back where exitinfo2 is 0.
        #expect(call["exitinfo2"] == ClientCall.untouched)
    }

    @Test func numbersItsMessagesOneAfterTheOther() throws {
        let calls = try StandInGuest.calls("report count=20")
        #expect(calls.count == 20)
        #expect(calls.allSatisfy { $0.errno == 0 && $0["status"] == "00000000" })
    }

    @Test func givesADerivedKey() throws {
        let call = try #require(try StandInGuest.calls("key").first)
        #expect(call["rc"] == "0")
        // SHA-256 of the 32 bytes of the request: GUEST_FIELD_SELECT 9 at 8.
        #expect(call["answer"] == "23028ee590824027e8673d6c4430dc73b77d970e7424e2ce2c014c3013b4dc6c")
    }

    @Test func handsOutTheHostsCertificates() throws {
        let call = try #require(try StandInGuest.calls("ext-report certs-len=8192", "--certificates", "5000").first)
        #expect(call["rc"] == "0")
        // GUID of the VCEK, offset 48, length 4952, then an entry of zeros.
        #expect(
            call["certs"].hasPrefix(
                "63da758de6644564adc5f4b93be8accd3000000058130000" + String(repeating: "0", count: 48)))
        #expect(call["certs"].utf8.count == 2 * 5000)
    }

    @Test func namesTheRoomThatTheCertificatesNeed() throws {
        for room in ["certs-len=0", "certs=null certs-len=8192", "certs-len=4096"] {
            let calls = try StandInGuest.calls("ext-report count=2 \(room)", "--certificates", "5000")
            #expect(calls.first?.errno == EIO, "\(room)")
            #expect(calls.first?["exitinfo2"] == "100000000", "\(room)")
            #expect(calls.first?["certs-len"] == "2000", "\(room)")
        }
        // The refused call has used its number up: the guest still speaks.
        let after = try StandInGuest.run(
            "$client ext-report certs-len=4096; $client report", ["--certificates", "5000"]
        ).text.split(separator: "\n")
        #expect(after.last?.hasPrefix("rc=0 ") == true)
    }

    @Test(arguments: [
        ("ext-report certs-len=100", EINVAL), ("ext-report certs-len=20480", EINVAL),
        ("ext-report certs=kernel certs-len=4096", EFAULT), ("ext-report certs=readonly certs-len=4096", EFAULT),
        ("report request=null", EINVAL), ("report response=null", EINVAL), ("report request=bad", EFAULT),
        ("report request=kernel", EFAULT), ("key request=bad", EFAULT), ("ext-report request=bad", EFAULT),
        ("0xC0205303", ENOTTY), ("0xC0205400", ENOTTY), ("0x5413", ENOTTY),
    ])
    func refusesBeforeTheProcessorIsAsked(_ arguments: String, _ code: Int32) throws {
        let call = try #require(try StandInGuest.calls(arguments).first)
        #expect(call.errno == code)
        // A page that the certificates cannot be written to shows only after the message.
        #expect(call["exitinfo2"] == (arguments.contains("readonly") ? ClientCall.untouched : "ff"))
    }

    @Test func refusesAnArgumentThatIsNone() throws {
        for kind in ["bad", "null", "kernel"] {
            #expect(try StandInGuest.calls("report argument=\(kind)").first?.errno == EFAULT)
        }
        let versionless = try #require(try StandInGuest.calls("report version=0").first)
        #expect(versionless.errno == EINVAL)
        #expect(versionless["exitinfo2"] == ClientCall.untouched)
    }

    @Test func losesAnAnswerThatCannotBeWritten() throws {
        let calls = try StandInGuest.calls("report response=readonly count=2")
        #expect(calls.map(\.errno) == [EFAULT, EFAULT])
        // Both messages were answered: nothing is wrong with the key.
        #expect(calls.map { $0["exitinfo2"] } == [ClientCall.untouched, ClientCall.untouched])
    }

    @Test func leavesTheStatusToTheCaller() throws {
        let call = try #require(try StandInGuest.calls("report vmpl=9").first)
        #expect(call["rc"] == "0")
        #expect(call["status"] == "16000000")
    }

    @Test func serves64ClientsAtOnce() throws {
        let text = try StandInGuest.output(
            "for i in $(seq 64); do $client report count=5 & done | grep -c '^rc=0 errno=0'; wait")
        #expect(text == "320")
    }

    @Test func outlivesAClientThatDiesInTheMiddle() throws {
        // The host is busy for two seconds; the client is killed within.
        let text = try StandInGuest.output(
            "$client report & sleep 0.3; kill -KILL $!; wait $!; echo $?; $client report", "--attack", "throttle")
        let lines = text.split(separator: "\n")
        #expect(lines.first == "137")
        #expect(lines.last?.hasPrefix("rc=0 errno=0") == true)
    }

    @Test func readsTheMemoryOfAProgramThatNobodyMayTrace() throws {
        let text = try StandInGuest.output(
            """
            python3 - <<'END'
            import ctypes, fcntl, os, struct
            libc = ctypes.CDLL(None)
            assert libc.prctl(4, 0, 0, 0, 0) == 0  # PR_SET_DUMPABLE
            request, response = (ctypes.c_uint8 * 96)(), (ctypes.c_uint8 * 4000)()
            request[0] = 77
            argument = bytearray(struct.pack("<B7xQQQ", 1, ctypes.addressof(request), ctypes.addressof(response), 0))
            print(fcntl.ioctl(os.open("/dev/sev-guest", os.O_RDWR), 0xC0205300, argument), response[0x20 + 0x50])
            END
            """)
        #expect(text == "0 77")
    }

    @Test func isNoFileToReadOrWrite() throws {
        let text = try StandInGuest.run("cat /dev/sev-guest; /bin/echo x > /dev/sev-guest; chmod 666 /dev/sev-guest")
            .errorText
        #expect(text.components(separatedBy: "Invalid argument").count == 3)
        #expect(text.contains("Operation not permitted"))
    }
}
