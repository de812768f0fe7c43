import Foundation
import TestSupport

/// The initramfs as far as the boot script sees it: the real `local-top/sealroot`, run by dash, on paths in a folder
/// of its own. What would end the boot is noted, and ends the script.
final class BootSandbox {
    let scratch: Scratch
    let log: String
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Initramfs").standardized
    private static let functions = "/usr/share/sealroot/initramfs/boot-functions"

    /// - Parameter unlock: arguments of `sealroot-init unlock` besides those of the script; `fence` likewise.
    init(unlock: [String], fence: [String]) throws {
        scratch = try Scratch()
        log = scratch.file("log/tpm2-measure.log")
        try scratch.shell("mkdir bin cryptroot proc; echo 'root UUID=x none luks' >cryptroot/crypttab.sealroot")
        try scratch.shell(
            "mkdir -p scripts/local-top usr/share/sealroot/initramfs sys/kernel/security/tpm0 dev; touch dev/tpm0")
        try copy("initramfs-tools/scripts/local-top/sealroot", to: "scripts/local-top/sealroot")
        try copy("boot-functions", to: String(Self.functions.dropFirst()))
        let log = ["--measurement-log", log]
        try program(
            "sealroot-init",
            """
            command=$1
            case $command in
            unlock)
                echo $$ >'\(scratch.file("pid"))'
                shift
                exec '\(Machine.guestProgram)' unlock "$@" \(Self.quoted(unlock + log)) ;;
            fence) exec '\(Machine.guestProgram)' fence \(Self.quoted(fence + log)) ;;
            esac
            """)
        for name in ["poweroff", "reboot"] {
            try program(name, "echo \(name) >'\(scratch.file("ended"))'; kill -TERM $PPID")
        }
        try program("sleep", "exit 0")
    }

    /// The program that `unlock` runs in, once it has begun.
    var unlockProcess: pid_t? {
        (try? String(contentsOfFile: scratch.file("pid"), encoding: .utf8)).flatMap {
            pid_t($0.trimmingCharacters(in: .newlines))
        }
    }

    /// `poweroff` or `reboot`; nil where the boot goes on.
    var ended: String? {
        (try? String(contentsOfFile: scratch.file("ended"), encoding: .utf8))?.trimmingCharacters(in: .newlines)
    }

    /// Whether cryptroot has what it needs.
    var isHandedOver: Bool { scratch.exists("cryptroot/crypttab") }

    /// Runs the script, in name spaces of its own: it may load no module and write to no /run but one that is empty.
    func boot() throws -> CommandResult {
        try Command.run(
            BootSandbox.isolated + ["dash", scratch.file("scripts/local-top/sealroot")],
            environment: ["PATH": scratch.file("bin") + ":/usr/bin:/bin"])
    }

    /// Puts a command into name spaces of its own.
    static let isolated = [
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", #"mount -t tmpfs none /run && exec "$@""#, "sh",
    ]

    static let isPossible = (try? Command.run(isolated + ["true"]).status) == 0

    /// Paths of the scripts that are put into the folder. /run is a file system of the sandbox's own.
    private static let paths = [
        functions, "/sys/kernel/", "/cryptroot/", "/proc/sysrq-trigger", "/dev/tpm0", "/lib/cryptsetup/askpass",
    ]

    /// A script with all that it names outside of itself put into the folder. Nothing else may be named: the real
    /// /proc/sysrq-trigger would end this machine.
    private func copy(_ name: String, to path: String) throws {
        var text = try String(contentsOf: Self.sources.appending(path: name), encoding: .utf8)
        for path in Self.paths { text = text.replacing(path, with: "@" + path) }
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let strays = line.replacing("/dev/null", with: "").replacing("/run/sealroot/", with: "")
                .matches(of: /[ <>"]\//)
            guard strays.isEmpty else { throw CommandFailure(description: "a path that is not known: \(line)") }
        }
        text = text.replacing("@/", with: scratch.path + "/")
        try scratch.write(Array(text.utf8), to: path)
    }

    private func program(_ name: String, _ text: String) throws {
        try scratch.write(Array("#!/bin/sh\n\(text)\n".utf8), to: "bin/" + name)
        try scratch.shell("chmod 755 bin/\(name)")
    }

    private static func quoted(_ words: [String]) -> String { words.map { "'\($0)'" }.joined(separator: " ") }
}
