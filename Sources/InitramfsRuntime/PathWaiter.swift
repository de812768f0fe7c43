internal import CLinux

/// Waits for device nodes and links to appear.
public enum PathWaiter {
    /// Returns true as soon as there is a device or file behind `path`, or false after `milliseconds`.
    ///
    /// Sleeps in `poll(2)` on an inotify watch of the nearest folder that exists. The watch can miss a
    /// file system mounted over that folder, so it looks again every second anyway.
    public static func wait(for path: String, milliseconds: Int64) -> Bool {
        let deadline = MonotonicClock.milliseconds + milliseconds
        while true {
            let watch = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
            defer { if watch >= 0 { close(watch) } }
            if watch >= 0 {
                let events = UInt32(IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_CLOSE_WRITE)
                _ = unsafe inotify_add_watch(watch, nearestFolder(to: path), events)
            }
            // Only now: what appeared before the watch is seen here, what appears later wakes the poll.
            if isPresent(path) { return true }
            let left = deadline - MonotonicClock.milliseconds
            if left <= 0 { return false }
            var entry = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
            _ = unsafe poll(&entry, 1, Int32(min(left, 1000)))
        }
    }

    /// Whether there is a device or file behind `path` now.
    public static func isPresent(_ path: String) -> Bool {
        do throws(FileError) {
            _ = try FileDescriptor.open(readingAt: path)
            return true
        } catch { return !error.isMissing }
    }

    private static func nearestFolder(to path: String) -> String {
        var folder = path
        while let slash = folder.utf8.lastIndex(of: 0x2F), slash != folder.utf8.startIndex {
            folder = String(decoding: folder.utf8[..<slash], as: UTF8.self)
            var status = stat()
            if unsafe stat(folder, &status) == 0 { return folder }
        }
        return "/"
    }
}
