internal import CLinux

/// How long this process has been running on a processor, in all of its threads.
public enum ProcessorTime {
    public static var microseconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
