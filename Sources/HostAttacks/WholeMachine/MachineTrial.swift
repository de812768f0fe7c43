/// How an attack on a whole virtual machine is tried, and what must come of it there.
struct MachineAttack: Sendable {
    let trial: MachineTrial
    /// What sealroot-init or the emulator ends with; nil where none of them is reached.
    let exitCode: Int32?
    /// Part of what the console shows, or the emulator says.
    let reason: String
    let control: MachineControl
}

/// As `Control`, on a machine whose owner checks nothing that the attack changes.
enum MachineControl: Sendable {
    case through(MachineTrial, String)
    case impossible(String)

    var text: String {
        switch self {
        case .through(_, let text), .impossible(let text): text
        }
    }
}

/// One boot of a whole virtual machine, with what the host did before and types meanwhile.
struct MachineTrial: Sendable {
    /// A shell script, before the boot. The machine is `state` and `disk.raw`.
    var preparation = ""
    /// Of `snp-emulator boot`.
    var options: [String] = []
    /// A shell script that prints what the host types as soon as GRUB asks.
    var typed: String?
    /// What the console shows where nobody has stopped the boot.
    var success = "sealroot: volume: unlocked"
    /// What it shows where the boot ends.
    var refusal = "sealroot: the boot ends here"

    /// The same on firmware without keys, which verifies nothing.
    var withoutSecureBoot: MachineTrial {
        var trial = self
        trial.options += ["--vars", MachineTrial.openVariables]
        return trial
    }

    /// Debian's variables without keys.
    private static let openVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd"
}

extension MachineTrial {
    /// Boots until the console shows one of both, or the guest ends; what is said of it moves no cursor. The status is 0 where it is through, else that of
    /// sealroot-init, 1 where something before it has refused, or the emulator's own.
    var script: String {
        """
        : >console; success='\(success)'; refusal='\(refusal)'
        shows() { grep -qaF -e "$1" console; }
        lives() { kill -0 "$(cat pid)" 2>/dev/null; }
        host() {
            until [ -s pid ]; do sleep 0.1; done
            \(typing)
            while lives && ! shows "$success" && ! shows "$refusal"; do sleep 0.2; done
            sleep 1; if lives; then kill "$(cat pid)"; fi
        }
        status=0; rm -f pid
        host | sh -c 'echo $$ >pid; exec "$@"' sh "$emulator" boot disk.raw --state state --console console --timeout 500 \
            \(options.joined(separator: " ")) >/dev/null 2>errors || status=$?
        cat errors >&2
        sed 's/\\x1b\\[[0-9;=]*[A-Za-z]/\\n/g' console | tr '\\r' '\\n' | tr -cd '\\n -~' | tr -s ' ' >text
        grep -e 'sealroot: ' -e "$refusal" text >&2 || true; grep ': refused: ' text >&2 || true
        if shows "$success" || grep -qE '"name": ?"unseal", ?"result": ?"ok"' text; then exit 0; fi
        code=$(sed -n 's/.*the boot ends here.*(code \\([0-9]*\\)).*/\\1/p' text | head -n 1)
        if [ -n "$code" ]; then exit "$code"; fi
        if shows "$refusal"; then exit 1; fi
        if [ "$status" = 0 ]; then exit 2; fi
        exit "$status"
        """
    }

    private var typing: String {
        guard let typed else { return ":" }
        return """
            while lives && ! shows 'grub> '; do sleep 0.2; done
            sleep 1
            \(typed)
            """
    }
}
