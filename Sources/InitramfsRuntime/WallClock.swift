internal import CLinux

/// The date, as the machine believes it to be.
public enum WallClock {
    /// Since 1970, without leap seconds.
    public static var seconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
