internal import CLinux

/// Time since boot, which no clock change moves.
public enum MonotonicClock {
    public static var milliseconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
