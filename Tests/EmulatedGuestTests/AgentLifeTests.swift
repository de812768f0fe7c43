import Foundation
import TestSupport
import Testing

/// How `snp-emulator-guest` starts, stays, ends and refuses.
@Suite struct AgentLifeTests {
    private let machine: Machine

    init() throws { machine = try Machine() }

    @Test func returnsWhenBothAreServed() throws {
        let text = try machine.output(
            """
            $agent; ls sev-guest; ls config; echo end
            # systemd spares a process whose name begins so.
            pgrep -cf "^@.*$PWD/sev-guest"
            """, on: try MachineHost())
        #expect(text == "sev-guest\ntsm\nend\n1")
    }

    /// The kernel shows fw_cfg's files without a size.
    @Test func readsASecretsPageThatHasNoSize() throws {
        let text = try machine.output(
            """
            mv secrets page; mkfifo secrets; cat page > secrets & $agent
            $client report $device vmpl=2 | cut -d ' ' -f 1
            """, on: try MachineHost())
        #expect(text == "rc=0")
    }

    @Test func unmountsBothWhenItIsToEnd() throws {
        for signal in ["TERM", "INT", "HUP"] {
            let text = try machine.output(
                """
                $agent --foreground & pid=$!
                until [ -e sev-guest ]; do sleep 0.05; done
                $client report $device vmpl=2 | cut -d ' ' -f 1
                kill -\(signal) $pid; while [ -e sev-guest ] || [ -e /proc/$pid/exe ]; do sleep 0.05; done
                ls config | wc -l
                """, on: try MachineHost())
            #expect(text == "rc=0\n0")
        }
    }

    /// The initramfs moves /dev and /sys to the real root, and deletes everything else.
    @Test func survivesTheSwitchOfTheRoot() throws {
        let text = try machine.output(
            """
            mkdir dev sys root; mount -t tmpfs dev dev; mount -t tmpfs sys sys; mkdir sys/config
            ${agent%--device*} --device $PWD/dev/sev-guest --configuration $PWD/sys/config
            mkdir root/dev root/sys; mount --move dev root/dev; mount --move sys root/sys; rmdir dev sys
            $client report device=$PWD/root/dev/sev-guest vmpl=2 | cut -d ' ' -f 1
            mkdir root/sys/config/tsm/report/a; cat root/sys/config/tsm/report/a/provider
            pkill -TERM -f "^@.*$PWD/dev/sev-guest"
            while [ -e root/dev/sev-guest ] || [ -e root/sys/config/tsm ]; do sleep 0.05; done
            mount | grep -c "$PWD/root/.*fuse" || true
            """, on: try MachineHost())
        #expect(text == "rc=0\nsev_guest\n0")
    }

    @Test func takesTheNameOfNoOther() throws {
        let text = try machine.output(
            """
            $agent; $agent && exit 1; echo $?
            $client report $device vmpl=2 | cut -d ' ' -f 1
            """, on: try MachineHost())
        #expect(text == "75\nrc=0")
        let occupied = try machine.run(
            "echo real > sev-guest; $agent; echo $?; cat sev-guest; ls config", on: try MachineHost())
        #expect(occupied.text == "75\nreal")
        #expect(occupied.errorText.contains("sev-guest is there already"))
    }

    @Test func makesNoDeviceWithoutAKey() throws {
        let text = try machine.output(
            """
            head -c 4096 /dev/zero > secrets; $agent; ls sev-guest 2>&1 | grep -c 'No such file'
            mkdir $reports/a 2>&1 | grep -c 'No such device or address'
            """, on: try MachineHost())
        #expect(text == "1\n1")
    }

    @Test(arguments: [
        ("rm secrets", 66), ("head -c 4095 /dev/zero > secrets", 65), ("head -c 4097 /dev/zero > secrets", 65),
        ("rm level", 66), ("printf '\\004' > level", 65), ("printf '\\002\\002' > level", 65), (": > level", 65),
        ("agent=\"$agent --unknown\"", 64), ("agent=\"$agent --timeout x\"", 64),
        ("agent=\"${agent%% *} \"", 64), ("agent=\"${agent%--processor-port*} --processor-port $PWD/none\"", 66),
        ("rmdir config", 69),
    ])
    func refusesWhatCannotBe(_ change: String, _ status: Int32) throws {
        let result = try machine.run(
            "\(change); for way in '' --foreground; do timeout 20 $agent $way; echo $?; ls sev-guest; done",
            on: try MachineHost())
        #expect(result.text == "\(status)\n\(status)")
        #expect(result.errorText.contains("snp-emulator-guest: "))
    }
}
