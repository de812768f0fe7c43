internal import CLinux
internal import Synchronization

/// An interrupt, a hang-up or a request to end, which long work asks about now and then.
public enum Interruption {
    private static let requested = Atomic(false)

    public static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// From now on the three signals set the flag instead of ending the process.
    public static func watch() {
        // The first use makes the flag, which a handler must not do.
        requested.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            shim_catch_signal(number) { _ in Interruption.requested.store(true, ordering: .relaxed) }
        }
        reportBrokenPipes()
    }

    /// From now on a reader that went away is an error of write(2), which is handled, and not the end.
    public static func reportBrokenPipes() { shim_ignore_signal(SIGPIPE) }
}
