import Foundation
import TestSupport
import Testing

/// What `snp-emulator boot` refuses, with which exit status, and that nothing of it is left.
@Suite struct BootCommandTests {
    private let scratch: Scratch

    init() throws { scratch = try EmulatedChip.scratch() }

    private func boot(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            ["timeout", "-k", "5", "100", BootableScratch.program, "boot"] + arguments, environment: ["LC_ALL": "C"],
            folder: scratch.path)
    }

    @Test func namesWhatIsWrongWithTheDisk() throws {
        let missing = try boot("nothing", "--state", "state")
        #expect(missing.status == 66)
        #expect(missing.errorText.contains("nothing"))

        try scratch.shell("head -c 1048576 /dev/urandom > noise; mkdir -p esp/EFI/BOOT; echo text > esp/EFI/BOOT/note")
        let noise = try boot("noise", "--state", "state")
        #expect(noise.status == 65)
        #expect(noise.errorText.contains("no GUID partition table"))
        #expect(try boot("esp", "--state", "state").status == 65)

        // Linux file system data, by the type.
        try BootableScratch.makeDisk(in: scratch, type: "L")
        let ordinary = try boot("disk", "--state", "state")
        #expect(ordinary.status == 65)
        #expect(ordinary.errorText.contains("no EFI system partition"))

        try BootableScratch.makeDisk(in: scratch)
        let empty = try boot("disk", "--state", "state")
        #expect(empty.status == 65)
        #expect(empty.errorText.contains("no shim"))
        try BootableScratch.expectNothingLeft(in: scratch)
    }

    @Test func refusesWhatNoMachineHas() throws {
        for (arguments, word) in [
            (["--memory", "255"], "256 MiB"), (["--cpus", "0"], "--cpus"), (["--vmpl", "0"], "--vmpl"),
            (["--until", ""], "--until"), (["--timeout", "-1"], "--timeout"), (["--attack", "nothing"], "nothing"),
        ] {
            let result = try Command.run([BootableScratch.program, "boot", "disk", "--state", "state"] + arguments)
            #expect(result.status == 64, "\(arguments)")
            #expect(result.errorText.contains(word), "\(arguments)")
        }
    }

    /// With a disk that would boot, and programs in place of QEMU.
    @Suite(.enabled(if: DebianImages.isPresent)) struct Started {
        private let machine: BootableScratch
        private var scratch: Scratch { machine.scratch }

        init() throws { machine = try BootableScratch() }

        @Test func saysWhatBecameOfQEMU() throws {
            let missing = try machine.boot()
            #expect(missing.status == 69)
            #expect(missing.errorText.contains("qemu-system-x86_64"))
            #expect(missing.errorText.contains("No such file"))
            try machine.expectNothingLeft()

            let dying = try machine.boot(qemu: "echo its last words >&2; exit 3")
            #expect(dying.status == 69)
            #expect(dying.errorText.contains("(3): its last words"))
            let killed = try machine.boot(qemu: "kill -KILL $$")
            #expect(killed.status == 69)
            #expect(killed.errorText.contains("(137)"))
            try machine.expectNothingLeft()
        }

        @Test func givesUpOnAGuestThatHangs() throws {
            let result = try machine.boot("--timeout", "2", "--until", "never", qemu: "echo text; exec sleep 1000")
            #expect(result.status == 69)
            #expect(result.errorText.contains("not done within 2.0 s"))
            try machine.expectNothingLeft()
        }

        @Test func warnsOfFirmwareWithoutMetadata() throws {
            #expect(try machine.boot(qemu: "exit 1").errorText.contains("no SEV metadata"))
            try scratch.shell("rm -rf state/vtpm")
            let other = try machine.boot("--firmware", "/usr/share/ovmf/OVMF.fd", qemu: "exit 1")
            #expect(!other.errorText.contains("no SEV metadata"))
            #expect(other.status == 69)
            #expect(try machine.boot("--firmware", "nothing", qemu: "exit 1").status == 66)
            #expect(try machine.boot("--firmware", "/etc/os-release", qemu: "exit 1").status == 65)
        }

        /// With the real QEMU, whose firmware uses the TPM all the time.
        @Test func endsWhereTheTPMIsGone() throws {
            let text = try scratch.shell(
                """
                '\(BootableScratch.program)' boot disk --state "$PWD/state" --record-tpm bus > out 2> error & machine=$!
                for try in $(seq 600); do
                    # TPM2_PCR_Extend of PCR 0: the firmware measures itself.
                    [ -e bus ] && xxd -p bus | tr -d '\\n' | grep -q 0000018200000000 && break
                    sleep 0.05
                done
                kill -KILL $(pgrep -P $machine -x swtpm)
                wait $machine && code=0 || code=$?
                echo $code $(tail -n 1 error)
                """)
            #expect(text == "69 snp-emulator: svsm: swtpm ended (137)")
            try machine.expectNothingLeft()
        }

        @Test func letsOneMachineRunOnAState() throws {
            try scratch.shell("touch state/run/guest.lock")
            let result = try Command.run(
                ["flock", scratch.file("state/run/guest.lock"), BootableScratch.program, "boot", "disk"]
                    + ["--state", scratch.file("state")], folder: scratch.path)
            #expect(result.status == 75)
            #expect(result.errorText.contains("another guest"))
        }

        /// However it ends, QEMU and swtpm end, too; and the next one starts.
        @Test(arguments: [("TERM", 143), ("INT", 130), ("HUP", 129), ("KILL", 137)])
        func leavesNothingRunning(_ signal: String, _ status: Int) throws {
            let qemu = "echo > ready; exec sleep 1000"
            _ = try machine.boot("--timeout", "1", qemu: qemu)
            let text = try scratch.shell(
                """
                rm -f ready
                PATH="$PWD/programs:$PATH" '\(BootableScratch.program)' boot disk --state "$PWD/state" > out 2>&1 & machine=$!
                until [ -e ready ]; do sleep 0.05; done
                pgrep -P $machine > children
                kill -\(signal) $machine; wait $machine && code=0 || code=$?
                for try in $(seq 100); do
                    alive=0
                    for child in $(cat children); do [ -d /proc/$child ] && alive=$((alive + 1)); done
                    [ $alive = 0 ] && break
                    sleep 0.05
                done
                echo $code $(wc -l < children) $alive
                """)
            #expect(text == "\(status) 2 0")
            #expect(try machine.boot("--timeout", "1", qemu: qemu).errorText.contains("not done within 1.0 s"))
        }
    }
}
