import Foundation
import JSON
import TestSupport
import VirtualMachine

/// The demo's own boot, from its launch to the login prompt, and how much of it Sealroot takes.
enum ConfidentialBootBench {
    private static let folder = FileManager.default.currentDirectoryPath
    private static let emulator = folder + "/.build-owner/release/snp-emulator"
    private static let disk = ConfidentialDisk(in: folder + "/.build/images")

    static func run() throws {
        guard disk.isBuilt else { return print("confidential boot: SKIPPED, `make image` makes the disk") }
        let scratch = try Scratch()
        let state = scratch.file("chip")
        try disk.deliver(to: state)
        let begin = DispatchTime.now().uptimeNanoseconds
        let machine = try disk.boot(emulator: emulator, state: state)
        let reached = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        let total = Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        guard reached == DemoDisk.shell else { throw BenchFailure(description: machine.transcript) }
        let steps = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)["steps"]?.array
        try machine.powerOff()
        let share = (steps ?? []).reduce(0) { $0 + Double($1["milliseconds"]?.integer ?? 0) } / 1000
        print(
            String(
                format: "confidential boot to a shell: %.1f s, of which sealroot-init %.1f s (%.0f %%)", total, share,
                100 * share / total))
    }
}
