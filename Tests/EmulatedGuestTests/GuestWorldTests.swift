import Foundation
import TestSupport
import Testing

/// What a guest is: its processes, its files, its end.
@Suite struct GuestWorldTests {
    @Test func passesTheExitStatusOn() throws {
        #expect(try StandInGuest.run("exit 7").status == 7)
        #expect(try StandInGuest.run("kill -KILL $$").status == 128 + SIGKILL)
        let missing = try Command.run([StandInGuest.program, "--", "/nonexistent"])
        #expect(missing.status == 127)
        #expect(missing.errorText.contains("cannot run /nonexistent: No such file or directory"))
        #expect(try Command.run([StandInGuest.program, "--", "/etc/passwd"]).status == 126)
    }

    @Test func seesItsOwnProcessesOnly() throws {
        let text = try StandInGuest.output("echo /proc/[0-9]*; grep -c 'PPid:.0' /proc/1/status; id -u")
        #expect(text == "/proc/1 /proc/2\n1\n0")
    }

    @Test func seesItsOwnDevicesOnly() throws {
        let text = try StandInGuest.output("ls /dev | tr '\\n' ' '; echo x > /dev/null; head -c 3 /dev/zero | wc -c")
        #expect(
            text == "fd full null ptmx pts random sev-guest shm stderr stdin stdout tty urandom zero 3")
        #expect(try StandInGuest.output("echo x > /dev/shm/y; cat /dev/fd/0 < /dev/shm/y") == "x")
    }

    @Test func hasATerminalWhereTheCallerHasOne() throws {
        let script = "tty; python3 -c 'import os, pty; pty.spawn([\"tty\"])'"
        let quoted = script.replacingOccurrences(of: "'", with: "'\\''")
        let text = try Command.run(["script", "-qec", "\(StandInGuest.program) -- sh -c '\(quoted)'", "/dev/null"]).text
        #expect(text.split(whereSeparator: \.isNewline) == ["/dev/console", "/dev/pts/0"])
    }

    @Test func hidesAFolderAndShowsAnEventLog() throws {
        let scratch = try Scratch()
        try scratch.shell("mkdir secret; echo key > secret/key; echo events > log")
        let result = try StandInGuest.run(
            "ls secret | wc -l; touch secret/x; cat /sys/kernel/security/tpm0/binary_bios_measurements",
            ["--hide", scratch.file("secret"), "--event-log", scratch.file("log")], folder: scratch.path)
        #expect(result.text == "0\nevents")
        #expect(result.errorText.contains("Read-only file system"))
        #expect(try scratch.shell("cat secret/key") == "key")
        let missing = try StandInGuest.run("true", ["--event-log", scratch.file("none")])
        #expect(missing.status == 66)
        #expect(missing.errorText.contains("cannot open \(scratch.file("none")): No such file"))
    }

    @Test func hasNoDeviceWithoutSNP() throws {
        #expect(
            try StandInGuest.output(
                "ls -d /dev/sev-guest /sys/kernel/config/tsm 2>&1 | grep -c 'No such'; true", "--no-snp") == "2")
    }

    @Test(.enabled(if: geteuid() == 0)) func isMadeForAnyUser() throws {
        let text = try StandInGuest.run(
            "id -u; cat /proc/self/uid_map; mkdir $reports/a && cat $reports/a/provider", user: 1234)
        #expect(
            text.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
                == ["0", "0 1234 1", "sev_guest"])
    }

    @Test func getsTheSignalsThatTheEmulatorGets() throws {
        let scratch = try Scratch()
        let status = try scratch.shell(
            """
            \(StandInGuest.program) -- sh -c 'trap "exit 3" USR1; touch ready; while :; do sleep 0.05; done' & guest=$!
            until [ -e ready ]; do sleep 0.05; done
            kill -USR1 $guest; wait $guest || echo $?
            """)
        #expect(status == "3")
    }

    @Test func leavesNothingBehind() throws {
        let scratch = try Scratch()
        for signal in ["KILL", "none"] {
            // A duration that no other test sleeps tells whose processes they are.
            let duration = "86\(Int.random(in: 100...999)).\(Int.random(in: 1...999))1"
            let end = signal == "none" ? "touch end" : "kill -\(signal) $guest"
            let left = try scratch.shell(
                """
                rm -f ready end
                \(StandInGuest.program) -- sh -c 'sleep \(duration) & setsid sleep \(duration) & touch ready; \
                until [ -e end ]; do sleep 0.05; done' & guest=$!
                until [ -e ready ]; do sleep 0.05; done
                \(end); wait $guest 2> /dev/null || true
                for try in $(seq 100); do pgrep -f "^sleep \(duration)" > /dev/null || break; sleep 0.05; done
                pgrep -f "^sleep \(duration)" || true; grep -c snp-emulator /proc/self/mounts || true
                """)
            #expect(left == "0", "\(signal)")
        }
    }

    @Test func endsThoughAClientWaitsForTheHost() throws {
        let started = Date()
        let result = try StandInGuest.run(
            """
            mkdir $reports/a; head -c 64 /dev/zero > $reports/a/inblob
            cat $reports/a/outblob & cat $reports/a/generation & $client report & sleep 0.5; exit 9
            """, ["--attack", "always-busy"])
        #expect(result.status == 9)
        #expect(Date().timeIntervalSince(started) < 30)
    }
}
