import Foundation
import Glibc

/// What one run of a program cost.
struct Measured {
    let milliseconds: Double
    /// Largest resident set, in KiB.
    let peakKiB: Int
    let status: Int32

    /// Runs `words` without output and waits for it with `wait4(2)`, which alone tells the memory of one child.
    static func run(_ words: [String]) -> Measured {
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        let start = DispatchTime.now().uptimeNanoseconds
        var process = pid_t()
        guard unsafe posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0 else {
            return Measured(milliseconds: 0, peakKiB: 0, status: -1)
        }
        var status: Int32 = 0
        var usage = rusage()
        _ = unsafe wait4(process, &status, 0, &usage)
        let elapsed = DispatchTime.now().uptimeNanoseconds - start
        return Measured(
            milliseconds: Double(elapsed) / 1e6, peakKiB: Int(usage.ru_maxrss), status: status >> 8 & 0xFF)
    }

    /// Runs `words` so many times and prints minimum, median and maximum; a run that fails ends the bench.
    static func report(_ name: String, runs: Int, _ words: [String]) {
        let results = (0..<runs).map { _ in run(words) }
        guard results.allSatisfy({ $0.status == 0 }) else {
            print("\(name): FAILED with \(results.map(\.status))")
            exit(1)
        }
        let times = results.map(\.milliseconds).sorted()
        let peak = results.map(\.peakKiB).max() ?? 0
        print(
            String(
                format: "%@: min %.1f ms, median %.1f ms, max %.1f ms of %d runs; peak memory %.1f MiB", name, times[0],
                times[runs / 2], times[runs - 1], runs, Double(peak) / 1024))
    }
}
