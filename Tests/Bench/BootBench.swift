import Foundation
import JSON
import TestSupport
import VirtualMachine

/// Whole boots, from power-on to the login prompt: what the emulator adds to a machine, and Sealroot to its boot.
enum BootBench {
    private static let images = FileManager.default.currentDirectoryPath + "/.build/images"
    private static let emulator = FileManager.default.currentDirectoryPath + "/.build-owner/release/snp-emulator"
    private static let runs = 3

    /// - Throws: where a boot does not come to its login prompt.
    static func run() throws {
        let disk = DemoDisk(in: images)
        guard disk.isBuilt else { return print("boots: no demo disk, run `make image`") }
        let scratch = try Scratch()
        var (plain, emulated) = ([Double](), [Double]())
        // In turns, so that what else the machine does meets both.
        for run in 0..<runs {
            let computer = DemoComputer(disk: disk, folder: scratch.file("plain\(run)"))
            plain.append(
                try seconds { () throws(VirtualMachineError) in
                    try computer.boot()
                } until: {
                    try open($0, disk)
                })
            try scratch.shell("cp -a '\(images)/chip' chip\(run)")
            emulated.append(
                try seconds { () throws(VirtualMachineError) in
                    try VirtualMachine(emulator: emulator, disk: disk.image, state: scratch.file("chip\(run)"))
                } until: {
                    try open($0, disk)
                })
        }
        let (a, b) = (
            report("boot to login, swtpm and no emulator", plain), report("boot to login, emulator", emulated)
        )
        print(String(format: "the emulator's boot beside that without: %.2f (aim 1.15)", b / a))
        try unlock(scratch)
    }

    /// The demo's own boot, and how much of it the unlock took.
    private static func unlock(_ scratch: Scratch) throws {
        let disk = ConfidentialDisk(in: images)
        try disk.deliver(to: scratch.file("chip"))
        var share = 0.0
        let total = try seconds { () throws(VirtualMachineError) in
            try disk.boot(emulator: emulator, state: scratch.file("chip"))
        } until: { machine in
            try machine.wait(for: DemoDisk.shell)
        } then: { machine in
            let steps = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)["steps"]?.array
            share = (steps ?? []).reduce(0) { $0 + Double($1["milliseconds"]?.integer ?? 0) } / 1000
        }
        print(
            String(
                format: "confidential boot to login: %.1f s, of which sealroot-init %.1f s (%.0f %%)", total, share,
                100 * share / total))
    }

    /// Somebody types the recovery key at once.
    private static func open(_ machine: VirtualMachine, _ disk: DemoDisk) throws {
        try machine.wait(for: DemoDisk.prompt)
        machine.type(try String(contentsOfFile: disk.recoveryKeyPath, encoding: .utf8) + "\n")
        try machine.wait(for: DemoDisk.shell)
    }

    private static func seconds(
        _ start: () throws(VirtualMachineError) -> VirtualMachine, until reached: (VirtualMachine) throws -> Void,
        then finish: (VirtualMachine) throws -> Void = { _ in }
    ) throws -> Double {
        let clock = DispatchTime.now().uptimeNanoseconds
        let machine = try start()
        try reached(machine)
        let elapsed = Double(DispatchTime.now().uptimeNanoseconds - clock) / 1e9
        try finish(machine)
        try machine.powerOff()
        return elapsed
    }

    /// Prints minimum, median and maximum.
    ///
    /// - Returns: the median.
    private static func report(_ name: String, _ seconds: [Double]) -> Double {
        let times = seconds.sorted()
        print(
            String(
                format: "%@: min %.1f s, median %.1f s, max %.1f s of %d runs", name, times[0], times[times.count / 2],
                times[times.count - 1], times.count))
        return times[times.count / 2]
    }
}
