internal import CLinux
internal import InitramfsRuntime

/// Growing pauses, 5 ms doubling to 640 ms, up to a deadline.
struct Pause {
    private var next: Int64 = 5
    private let deadline: Int64

    init(milliseconds: Int64) { deadline = MonotonicClock.milliseconds + milliseconds }

    /// Sleeps; false where the time is used up.
    mutating func wait() -> Bool {
        let left = deadline - MonotonicClock.milliseconds
        guard left > 0 else { return false }
        usleep(UInt32(min(next, left) * 1000))
        next = min(next * 2, 640)
        return true
    }
}
