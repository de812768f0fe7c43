internal import CGuestProcess
internal import CLinux
internal import InitramfsRuntime

/// The processes of a guest: their first one, which ends with this process however that ends, and the socket that it
/// reports on.
struct GuestProcess: ~Copyable {
    private let first: pid_t
    private let socket: Int32

    /// How the guest's command came to its end.
    enum Event {
        case ended(status: Int32)
        case failed(GuestError)
    }

    /// - Parameters:
    ///   - command: the program, looked for in PATH, and its arguments; at least one word.
    ///   - hidden: a folder that the guest must see empty.
    ///   - mask: of blocked signals, for the command.
    static func start(
        _ command: [String], hiding hidden: String?, signals: borrowing GuestSignals
    ) throws(GuestError) -> GuestProcess {
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        guard unsafe shim_message_sockets(&ours, &theirs) == 0 else {
            throw .namespace(step: "socket", errno: shim_errno())
        }
        let arguments = CStrings(command)
        let folders = CStrings(hidden.map { [$0] } ?? [])
        let mask = signals.mask
        let first = unsafe arguments.pointers.withUnsafeBufferPointer { arguments in
            var guest = unsafe shim_guest()
            unsafe guest.arguments = arguments.baseAddress
            unsafe guest.hidden = UnsafePointer(folders.pointers[0])
            unsafe guest.report = theirs
            unsafe guest.emulator = ours
            unsafe guest.mask = mask
            return unsafe shim_guest_start(&guest)
        }
        let code = shim_errno()
        close(theirs)
        guard first > 0 else {
            close(ours)
            throw .namespace(step: "PID namespace", errno: code)
        }
        return GuestProcess(first: first, socket: ours)
    }

    private init(first: pid_t, socket: Int32) {
        self.first = first
        self.socket = socket
    }

    /// Ends what is left of the guest, and waits until nothing is.
    deinit {
        kill(first, SIGKILL)
        _ = shim_wait(first)
        close(socket)
    }

    /// Readable when `event` has something to say.
    var descriptor: Int32 { socket }

    func signal(_ number: Int32) { kill(first, number) }

    /// - Parameter name: of the command.
    func event(name: String) -> Event {
        var report = shim_guest_report()
        let size = MemoryLayout<shim_guest_report>.size
        guard unsafe recv(socket, &report, size, 0) == size else {
            // Somebody has killed the first process, and the kernel all others with it.
            return .ended(status: 128 + SIGKILL)
        }
        switch UInt32(bitPattern: report.event) {
        case shim_guest_command_ended.rawValue: return .ended(status: report.value)
        case shim_guest_command_failed.rawValue: return .failed(.command(name, errno: report.value))
        default: return .failed(.namespace(step: "/proc and the state folder", errno: report.value))
        }
    }
}

/// The signals that the emulator takes for the guest.
struct GuestSignals: ~Copyable {
    let descriptor: Int32
    /// Blocked signals before.
    fileprivate let mask: sigset_t

    init() throws(GuestError) {
        var mask = sigset_t()
        descriptor = unsafe shim_take_signals(&mask)
        self.mask = mask
        guard descriptor >= 0 else { throw .namespace(step: "signals", errno: shim_errno()) }
    }

    deinit { close(descriptor) }

    /// The next one that is to be handed on.
    func next() -> Int32? {
        let number = shim_next_signal(descriptor)
        return number == 0 ? nil : number
    }
}
