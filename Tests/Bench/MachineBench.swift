import Foundation
import TestSupport
import VirtualMachine

/// How long the demo disk takes to a root shell, in the emulator's machine and in the same one with a plain swtpm.
enum MachineBench {
    private static let folder = FileManager.default.currentDirectoryPath
    private static let emulator = folder + "/.build-owner/release/snp-emulator"
    private static let disk = DemoDisk(in: folder + "/.build/images")
    /// In turns, so that a slow minute of the host's hits both; the best of each counts.
    private static let runs = 3
    private static let aim = 1.15

    static func run() throws {
        guard disk.isBuilt else { return print("time to a shell: SKIPPED, `make image` makes the disk") }
        let scratch = try Scratch()
        try scratch.shell("'\(emulator)' init state > init.txt")
        var (plain, emulated) = ([Double](), [Double]())
        for _ in 0..<runs {
            plain.append(try seconds { try VirtualMachine(disk: disk.image, folder: scratch.file("plain")) })
            emulated.append(
                try seconds {
                    try VirtualMachine(emulator: emulator, disk: disk.image, state: scratch.file("state"))
                })
        }
        let (best, peer) = (emulated.min() ?? 0, plain.min() ?? 0)
        print(
            String(
                format:
                    "time to a shell, emulated: %.1f s; plain VM with swtpm: %.1f s; ratio %.2f (aim %.2f), best of %d",
                best, peer, best / peer, aim, runs))
    }

    /// From power-on to the shell, with the recovery key typed at once.
    private static func seconds(_ start: () throws -> VirtualMachine) throws -> Double {
        let key = try String(contentsOfFile: disk.recoveryKeyPath, encoding: .utf8)
        let begin = DispatchTime.now().uptimeNanoseconds
        let machine = try start()
        try machine.wait(for: DemoDisk.prompt)
        machine.type(key + "\n")
        try machine.wait(for: DemoDisk.shell)
        let end = DispatchTime.now().uptimeNanoseconds
        try machine.powerOff()
        return Double(end - begin) / 1e9
    }
}
