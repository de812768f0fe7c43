internal import CLinux

/// Which boot this is, and how long it has lasted.
public enum BootClock {
    /// Microseconds since boot, sleep included.
    public static var microseconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// The kernel's random name of this boot, as 32 hexadecimal digits. Source: random(4).
    public static func bootID() throws(FileError) -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        let digits = try FileBytes.read(path, limit: 64).filter { $0 != 0x2D && $0 != 0x0A }
        guard digits.count == 32 else { throw FileError(.read, path, errno: 0) }
        return String(decoding: digits, as: UTF8.self)
    }
}
