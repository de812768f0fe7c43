import Foundation
import TestSupport
import Testing

/// Guests of `snp-emulator exec` with the vTPM that the SVSM runs, judged by tpm2-tools and openssl.
@Suite struct ExecTPMTests {
    private let scratch: Scratch
    private static let program = Scratch.product("snp-emulator").path

    init() throws {
        scratch = try EmulatedChip.scratch()
        try scratch.shell("head -c 8192 /dev/urandom > guest.fd")
    }

    private func run(_ script: String, _ options: String..., firmware: String = "guest.fd") throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "120", Self.program, "exec", "--state", scratch.file("state"), "--ovmf"]
                + [scratch.file(firmware)] + options + ["--", "sh", "-euc", script],
            environment: ["reports": "/sys/kernel/config/tsm/report", "client": StandInGuest.client],
            folder: scratch.path)
    }

    private func output(_ script: String) throws -> String {
        let result = try run(script)
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return result.text
    }

    @Test func vouchesForTheEndorsementKey() throws {
        let text = try output(
            """
            mkdir $reports/a; folder=$PWD; cd $reports/a
            echo svsm > service_provider; echo c476f1eb-0123-45a5-9641-b4e7dde5bfe3 > service_guid
            head -c 64 /dev/urandom > $folder/nonce; cat $folder/nonce > inblob
            cat outblob > $folder/report; cat manifestblob > $folder/manifest; cd $folder
            # REPORT_DATA at 0x50, VMPL at 0x30.
            tail -c +81 report | head -c 64 | xxd -p -c 64
            cat nonce manifest | openssl dgst -sha512 -r | cut -d ' ' -f 1
            tail -c +49 report | head -c 4 | xxd -p
            # What tpm2_createek writes is a TPM2B_PUBLIC: two bytes of size, then the manifest's TPMT_PUBLIC.
            tpm2_createek -G rsa -u ek.pub -c ek.ctx
            tail -c +3 ek.pub | cmp - manifest && echo same
            """)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0] == lines[1])
        #expect(lines[2] == "00000000")
        #expect(lines[3] == "same")
    }

    @Test func keepsWhatTheGuestStores() throws {
        _ = try output("echo kept > data; tpm2_nvdefine -s 5 0x1500001; tpm2_nvwrite -i data 0x1500001")
        #expect(try output("tpm2_nvread -s 5 0x1500001; tpm2_nvundefine 0x1500001 > /dev/null") == "kept")
        // PCRs are those of a machine that was just switched on.
        #expect(try output("tpm2_pcrextend 16:sha256=$(printf %064d 1)") == "")
        #expect(try output("tpm2_pcrread sha256:16 | grep -c '0x0\\{64\\}'") == "1")
    }

    @Test func keepsTheTPMFromAnotherLaunch() throws {
        #expect(try run("true").status == 0)
        let debug = try run("true", "--policy", "0xb0000")
        #expect(debug.status == 77)
        #expect(debug.errorText.contains("policy"))
        try scratch.shell("head -c 8192 /dev/urandom > other.fd")
        let other = try run("true", firmware: "other.fd")
        #expect(other.status == 77)
        #expect(other.errorText.contains("another launch"))
        #expect(try run("true").status == 0)
    }

    @Test func putsTheKernelAboveTheSVSM() throws {
        #expect(try output("mkdir $reports/a; cat $reports/a/privlevel_floor") == "2")
        #expect(try output("\"$client\" report vmpl=1").contains("status=16000000"))
        #expect(try run("true", "--vmpl", "0").status == 64)
        #expect(try run("mkdir $reports/a; cat $reports/a/privlevel_floor", "--vmpl", "1").text == "1")
    }

    /// The host is between the AMD-SP and both, the guest's kernel and its SVSM.
    @Test func attestsNothingWhereTheMessagesAreAttacked() throws {
        let result = try run(
            "mkdir $reports/a; cd $reports/a; head -c 64 /dev/zero > inblob; echo 2 > privlevel; cat outblob",
            "--attack", "flip-response")
        #expect(result.errorText.contains("Bad message"))
        let ask =
            "mkdir $reports/a; cd $reports/a; head -c 64 /dev/zero > inblob; echo svsm > service_provider; cat outblob | wc -c"
        let attested = try run(ask, "--attack", "flip-response")
        #expect(attested.text == "0" && attested.errorText.contains("Invalid argument"))
        #expect(try run(ask).text == "1184")
    }

    /// In place of the SVSM's calls there is a report in NV memory, or a certificate.
    @Test func attestsItsTPMAsOtherCloudsDo() throws {
        let azure = try scratch.shell(
            """
            \(Self.program) exec --state state --ovmf guest.fd --vtpm azure-hcl -- sh -euc '
            tpm2_nvread -C o -o nv 0x1400001; head -c 4 nv
            tpm2_readpublic -c 0x81000003 > /dev/null
            mkdir /sys/kernel/config/tsm/report/r
            [ -e /sys/kernel/config/tsm/report/r/service_provider ] || echo " no services"'
            """)
        #expect(azure == "HCLA no services")
        let certified = try scratch.shell(
            """
            \(Self.program) exec --state state --ovmf guest.fd --vtpm ek-cert -- tpm2_nvread -C o 0x1c00002 > ek.der
            openssl x509 -in ek.der -out ek.pem
            openssl verify -CAfile state/certs/platform-ca.pem ek.pem
            """)
        #expect(certified == "ek.pem: OK")
    }

    @Test func leavesNoTPMBehind() throws {
        let left = try scratch.shell(
            """
            rm -f ready
            \(Self.program) exec --state state --ovmf guest.fd -- sh -c 'touch ready; sleep 1000' & guest=$!
            until [ -e ready ]; do sleep 0.05; done
            pgrep -f "^swtpm .*$PWD/state/vtpm" > /dev/null || pgrep -f "^swtpm .*dir=state/vtpm" > /dev/null && echo runs
            kill -KILL $guest; wait $guest 2> /dev/null || true
            for try in $(seq 100); do
                pgrep -f "^swtpm .*state/vtpm" | while read number; do readlink /proc/$number/cwd; done | grep -c "^$PWD$" || break
                sleep 0.05
            done
            \(Self.program) exec --state state --ovmf guest.fd -- echo again
            """)
        #expect(left == "runs\n0\nagain")
    }

    /// Where the vTPM finds no room the guest does not start, and nothing is half there: with room again it does.
    @Test(.enabled(if: geteuid() == 0)) func makesNoTPMOnAFullDisk() throws {
        let shown = try scratch.shell(
            """
            unshare -m sh -euc '
            mkdir full; mount -t tmpfs -o size=1m none full; cp -a state full/
            dd if=/dev/zero of=full/filler bs=1k 2> /dev/null || true
            status=0; \(Self.program) exec --state full/state --ovmf guest.fd -- true 2> error || status=$?
            echo $status; find full/state/vtpm full/state/vtpm.new -type f
            rm full/filler; \(Self.program) exec --state full/state --ovmf guest.fd -- echo runs
            umount full'
            """)
        #expect(shown == "74\nruns")
        #expect(String(decoding: try scratch.bytes("error"), as: UTF8.self).contains("No space left on device"))
    }
}
