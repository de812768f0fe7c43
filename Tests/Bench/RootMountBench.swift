import Foundation
import TestSupport
import VirtualMachine

/// Seconds from the start of /init to the mounted root, for three ways to open the root with a TPM, each on a disk of
/// its own that is otherwise the same. Tests/Packages/make-boot-disks makes them.
enum RootMountBench {
    private static let folder = FileManager.default.currentDirectoryPath + "/.build/boot-bench"
    /// In turns, so that a slow minute of the host's hits all; the best of each counts.
    private static let runs = 3
    private static let openers: [any RootOpener] = [SealrootOpener(), ClevisOpener(), SystemdOpener()]

    static func run() throws {
        let disks = openers.map {
            DemoDisk(image: "\(folder)/\($0.disk).raw", recoveryKeyPath: "\(folder)/\($0.disk).key")
        }
        guard disks.allSatisfy(\.isBuilt) else {
            return print("init to root mounted: SKIPPED, Tests/Packages/make-boot-disks makes the disks")
        }
        let scratch = try Scratch()
        let computers = zip(openers, disks).map { DemoComputer(disk: $1, folder: scratch.file($0.disk)) }
        for (opener, computer) in zip(openers, computers) { try enroll(computer, opener) }
        var results = [[(mounted: Double, opening: Double?)]](repeating: [], count: openers.count)
        for _ in 0..<runs {
            for (index, opener) in openers.enumerated() {
                results[index].append(try measure(computers[index], opener))
            }
        }
        for (opener, results) in zip(openers, results) {
            guard let best = results.min(by: { $0.mounted < $1.mounted }) else { continue }
            let share = best.opening.map { String(format: ", of which %.2f s in the opener itself", $0) } ?? ""
            print(
                String(format: "init to root mounted, %@: %.2f s%@; best of %d", opener.name, best.mounted, share, runs)
            )
        }
        print(
            """
            the same kernel, machine and TPM policy's PCR 7 for all; Sealroot also checks the boot and seals to PCR 4, 8, 9, \
            12 and 14. No plymouth, no check of the file system; each key has a PBKDF2 slot with few iterations.
            """)
    }

    /// The first boot: a person types the recovery key at the console, and once more to enrol the volume.
    private static func enroll(_ computer: DemoComputer, _ opener: some RootOpener) throws {
        let key = try String(contentsOfFile: computer.disk.recoveryKeyPath, encoding: .utf8)
        let machine = try computer.bootByHand(at: opener.prompt)
        let result = try machine.run(opener.enrolment, answering: [(prompt: opener.question, answer: key)])
        guard result.status == 0 else { throw BenchFailure(description: "\(opener.name): \(result.output)") }
        try machine.powerOff()
    }

    /// A boot with nobody at the console. clevis shows the prompt, and answers it.
    private static func measure(
        _ computer: DemoComputer, _ opener: some RootOpener
    ) throws -> (mounted: Double, opening: Double?) {
        let machine = try computer.boot()
        try machine.wait(for: DemoDisk.shell)
        let log = try machine.run("dmesg | grep -e 'Run /init as' -e '(dm-0): mounted'").output
        // "[    2.345678] text"
        let times = log.split(separator: "\n").compactMap { line in
            line.split(separator: "]").first.flatMap { Double($0.dropFirst().drop(while: { $0 == " " })) }
        }
        guard times.count == 2 else { throw BenchFailure(description: "\(opener.name): \(log)") }
        let opening = try opener.seconds(machine)
        try machine.powerOff()
        return (times[1] - times[0], opening)
    }
}
