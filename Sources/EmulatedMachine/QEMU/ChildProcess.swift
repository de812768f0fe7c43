internal import CLinux
internal import InitramfsRuntime

/// A program that ends, whatever happens, when this one does; and what it wrote.
package struct ChildProcess: ~Copyable {
    private let number: pid_t
    private let log: FileDescriptor
    private let name: String

    /// Milliseconds for a program to end when it is asked to.
    private static let patience: Int64 = 5000

    /// Starts `command`, looked for in PATH, with some of our descriptors under their own numbers.
    package static func start(
        _ command: [String], keeping descriptors: [Int32] = []
    ) throws(MachineError) -> ChildProcess {
        let log: FileDescriptor
        do throws(FileError) { log = try FileDescriptor.createInMemory(named: command[0]) } catch {
            throw .file(error)
        }
        // The kernel kills it when the thread that starts it here ends: prctl(2), PR_SET_PDEATHSIG.
        let arguments = CStrings(["setpriv", "--pdeathsig", "KILL", "--"] + command)
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let environment = CStrings(["PATH=" + path])
        var number: pid_t = 0
        let code = unsafe shim_spawn_keeping(
            &number, "setpriv", arguments.pointers, environment.pointers, log.rawValue, descriptors,
            descriptors.count)
        guard code == 0 else { throw .ended(program: "setpriv", status: 127, message: describeErrno(code)) }
        return ChildProcess(number: number, log: log, name: command[0])
    }

    private init(number: pid_t, log: consuming FileDescriptor, name: String) {
        self.number = number
        self.log = log
        self.name = name
    }

    deinit {
        kill(number, SIGTERM)
        let deadline = MonotonicClock.milliseconds + Self.patience
        while shim_has_ended(number) == 0 {
            if MonotonicClock.milliseconds >= deadline { kill(number, SIGKILL) }
            usleep(2000)
        }
        _ = shim_wait(number)
    }

    /// Waits until it has ended; it is to be waited for only once more.
    ///
    /// - Throws: where its exit status is not 0, with its last words.
    package func wait() throws(MachineError) {
        let status = shim_peek_status(number)
        guard status == 0 else { throw failure(status) }
    }

    /// Why it ended, once it has.
    package var end: MachineError { failure(shim_peek_status(number)) }

    private func failure(_ status: Int32) -> MachineError {
        .ended(program: name, status: status, message: lastWords)
    }

    /// The last lines that it wrote, on one line.
    private var lastWords: String {
        do throws(FileError) {
            let size = try log.byteCount
            let count = min(size, 1024)
            let text = try log.read(Int(count), at: size - count)
            return text.split(separator: 0x0A).suffix(3).map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: "; ")
        } catch { return error.description }
    }
}
