internal import CLinux
public import InitramfsRuntime
internal import Synchronization

/// How a thread that serves a machine tells that it cannot go on.
public final class Alarm: Sendable {
    private let sockets: SocketPair
    private let reason = Mutex<MachineError?>(nil)

    public init() throws(FileError) { sockets = try SocketPair("alarm") }

    /// Readable once it is raised.
    var descriptor: Int32 { sockets.ours.rawValue }
    /// The first one's reason.
    public var failure: MachineError? { reason.withLock { $0 } }

    func raise(_ error: MachineError) {
        reason.withLock { $0 = $0 ?? error }
        shutdown(sockets.theirs.rawValue, Int32(SHUT_RDWR))
    }
}

/// Two connected ends.
package struct SocketPair: ~Copyable, Sendable {
    package let ours: FileDescriptor
    package let theirs: FileDescriptor

    package init(_ name: String) throws(FileError) {
        var ends: (ours: Int32, theirs: Int32) = (-1, -1)
        guard unsafe shim_socket_pair(&ends.ours, &ends.theirs) == 0 else {
            throw FileError(.create, name, errno: shim_errno())
        }
        ours = FileDescriptor(owning: ends.ours, path: name)
        theirs = FileDescriptor(owning: ends.theirs, path: name)
    }
}
