import Foundation
import TestSupport
import Testing

/// `snp-emulator memory` on running guests of `snp-emulator exec`.
@Suite struct ExecMemoryTests {
    private let scratch: Scratch
    private static let program = Scratch.product("snp-emulator").path
    /// 64 bytes from the middle of the firmware, and where they are in the guest.
    private let pattern: String
    private static let place = "0xfffff064"

    init() throws {
        scratch = try EmulatedChip.scratch()
        pattern = try scratch.shell(
            "head -c 8192 /dev/urandom >guest.fd; tail -c +4197 guest.fd | head -c 64 | tee pattern | xxd -p -c 64")
    }

    /// Runs a script while a guest does; `memory` looks at its memory.
    private func whileRunning(_ protection: String, _ script: String, _ options: String = "") throws -> String {
        try scratch.shell(
            """
            rm -f ready end done
            memory() { \(Self.program) memory --state state "$@"; }
            (\(Self.program) exec --state state --ovmf guest.fd --vcpus 2 --protection \(protection) \(options) -- \
                sh -c 'touch ready; until [ -e end ]; do sleep 0.05; done' || true; touch done) >exec.log 2>&1 &
            until [ -e ready ] || [ -e done ]; do sleep 0.05; done
            \(script)
            touch end; until [ -e done ]; do sleep 0.05; done; cat exec.log
            """)
    }

    private func hits(_ protection: String) throws -> (host: String, guest: String) {
        let text = try whileRunning(
            protection, "memory scan --as host --from pattern; echo @; memory scan --as guest --from pattern")
        let parts = text.components(separatedBy: "\n@\n")
        return (parts[0], parts.count == 2 ? parts[1] : "")
    }

    @Test(arguments: ["sev-snp", "sev-es", "sev"]) func hidesTheFirmwareFromTheHost(_ protection: String) throws {
        let (host, guest) = try hits(protection)
        let size = ["sev-snp": 20480, "sev-es": 16384, "sev": 8192][protection] ?? 0
        #expect(host == "\(size) bytes looked at, 0 could not be read")
        #expect(guest == "\(Self.place)\n\(size) bytes looked at, 0 could not be read")
    }

    @Test func hidesNothingWithoutProtection() throws {
        let (host, guest) = try hits("none")
        #expect(host == "\(Self.place)\n8192 bytes looked at, 0 could not be read")
        #expect(guest == host)
    }

    /// The page of secrets, at the address that `LaunchedGuest` gives it where the firmware names none.
    @Test func hidesTheKeysOfTheSecretsPageFromTheHost() throws {
        let text = try whileRunning(
            "sev-snp",
            """
            for number in 0 1 2 3; do
                key=$(memory read 0x80d0$((2 + 2 * number))0 32 --as guest | cut -d ' ' -f 3 | tr -d '\\n')
                echo "$key" | grep -Eq '^[0-9a-f]{64}$'; echo "$key" | grep -vq '^0*$'
                memory scan "$key" --as guest | head -n 1; memory scan "$key"; echo "$key" >>keys
            done
            sort -u keys | wc -l
            """)
        let blind = "20480 bytes looked at, 0 could not be read"
        #expect(
            text.split(separator: "\n").map(String.init) == [
                "0x80d020", blind, "0x80d040", blind, "0x80d060", blind, "0x80d080", blind, "4",
            ])
    }

    @Test func hasNoKeysWhereFirmwareHasTakenThem() throws {
        let text = try whileRunning(
            "sev-snp", "memory read 0x80d020 128 --as guest | grep -c ' 0\\{32\\} '", "--attack withhold-vmpck")
        #expect(text == "8")
    }

    @Test func mapsWhatWasLoaded() throws {
        #expect(
            try whileRunning("sev-snp", "memory map") == """
                0x80d000  0x1000  private validated
                0xffffe000  0x2000  private validated
                0x100000000  0x2000  private validated VMSA
                """)
        #expect(try whileRunning("none", "memory map") == "0xffffe000  0x2000  shared")
    }

    /// Under SEV-SNP the host's write faults; before, it lands, and the guest finds garbage in place of its firmware.
    @Test func keepsTheHostFromWritingUnderSNPOnly() throws {
        let write = """
            memory write \(Self.place) $(printf %064d 0) --as host 2>&1 && echo written || true
            memory scan --as guest --from pattern | head -n 1
            """
        let snp = try whileRunning("sev-snp", write)
        #expect(snp == "snp-emulator: memory: #PF (RMP) at 0x1000\n\(Self.place)", "\(snp)")
        for protection in ["sev", "sev-es"] {
            let text = try whileRunning(protection, write)
            #expect(text.hasPrefix("written\n") && !text.contains(Self.place), "\(protection): \(text)")
        }
    }

    /// One client keeps its connection, and the guest ends all the same.
    @Test func endsThoughAClientStays() throws {
        let text = try scratch.shell(
            """
            python3 - <<'END'
            import os, socket, subprocess, time
            guest = subprocess.Popen(["\(Self.program)", "exec", "--state", "state", "--ovmf", "guest.fd", "--vtpm", "none",
                "--", "sh", "-c", "touch ready; until [ -e end ]; do sleep 0.05; done; exit 5"])
            while not os.path.exists("ready"): time.sleep(0.05)
            client = socket.socket(socket.AF_UNIX)
            client.connect("state/run/memory")
            time.sleep(0.3)
            open("end", "w").close()
            started = time.monotonic()
            print(guest.wait(), time.monotonic() - started < 5)
            END
            """)
        #expect(text == "5 True")
    }

    @Test func leavesNothingThatStopsTheNextGuest() throws {
        let text = try scratch.shell(
            """
            rm -f ready
            \(Self.program) exec --state state --ovmf guest.fd --vcpus 2 -- sh -c 'touch ready; sleep 1000' & guest=$!
            until [ -e ready ]; do sleep 0.05; done
            kill -KILL $guest; wait $guest 2>/dev/null || true
            \(Self.program) memory --state state map 2>error || echo $?
            cat error
            """)
        #expect(text == "66\nsnp-emulator: memory: no guest runs on state")
        #expect(try whileRunning("sev-snp", "memory map").split(separator: "\n").count == 3)
        #expect(try scratch.shell("ls state/run") == "guest.lock")
    }
}
