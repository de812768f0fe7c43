internal import CLinux

/// The time of day as the kernel has it, which in a guest is what the host says.
public enum WallClock {
    /// Seconds since 1970.
    public static var seconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }
}
