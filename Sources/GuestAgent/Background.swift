internal import CGuestAgent
internal import CLinux

/// The process that stays when the command that a boot script waits for has ended.
public struct Background: ~Copyable {
    private let ready: Int32

    /// Which of the two this is.
    public enum Side: ~Copyable {
        /// The second process, which stays.
        case staying(Background)
        /// The first process; the second one is ready, or has ended with that status.
        case waiting(status: Int32)
    }

    /// Splits this process in two. Only while there is a single thread.
    public static func split() throws(AgentError) -> Side {
        var ready: Int32 = -1
        let second = unsafe shim_agent_split(&ready)
        guard second >= 0 else { throw .system(step: "a second process", errno: shim_errno()) }
        if second == 0 {
            shim_agent_outlive()
            return .staying(Background(ready: ready))
        }
        defer { close(ready) }
        return .waiting(status: shim_agent_wait(second, ready))
    }

    /// Lets the first process end well. Messages go to the kernel's log from now on.
    public consuming func begin() { shim_agent_ready(ready) }
}
