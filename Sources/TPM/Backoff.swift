internal import CLinux

/// Growing pauses before a busy TPM is asked again: 10 ms doubling to 640 ms for one command, and about 4 seconds in
/// all for one operation.
struct Backoff {
    private static let first = 10
    private var pause = first
    private var left = 4000

    /// Sleeps; false where the time is used up.
    mutating func wait() -> Bool {
        guard left > 0 else { return false }
        var time = timespec(tv_sec: 0, tv_nsec: pause * 1_000_000)
        // A signal only shortens the pause.
        _ = unsafe nanosleep(&time, nil)
        left -= pause
        pause = min(pause * 2, 640)
        return true
    }

    /// The TPM has run a command: the next one begins with short pauses again.
    mutating func progress() { pause = Self.first }
}
