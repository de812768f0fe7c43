internal import CLinux
internal import InitramfsRuntime
internal import Secrets

/// One running swtpm and the only connection to it.
///
/// The connection is its lifeline, too: swtpm ends, with its state written, when the other end closes, and the kernel
/// closes ours however we end. It has no control channel: whoever reached that could reset the TPM and its PCRs, or
/// take its state away. Source: swtpm(8), `--fd`.
struct SoftwareTPMLink: ~Copyable {
    private let connection: FileDescriptor
    private let log: FileDescriptor
    let process: pid_t

    /// Longest time for one command, in milliseconds. A 2048-bit key takes seconds on a busy machine.
    private static let patience: Int32 = 120_000

    /// Starts swtpm on the state in `folder`, which it encrypts with `key`, and waits for its first answer.
    ///
    /// - Parameters:
    ///   - key: 32 bytes. It goes through an anonymous file that is emptied as soon as swtpm has read it, never through
    ///     a name or an argument.
    ///   - lock: stays locked until swtpm has ended, even where we end first.
    static func start(
        folder: String, key: borrowing SecretBytes, lock: borrowing FileDescriptor
    ) throws(SVSMError) -> SoftwareTPMLink {
        let keyFile = try inMemory("swtpm-key")
        let log = try inMemory("swtpm-log")
        do throws(FileError) { try keyFile.write(key, at: 0) } catch { throw .file(error) }
        var ends: (ours: Int32, theirs: Int32) = (-1, -1)
        guard unsafe shim_socket_pair(&ends.ours, &ends.theirs) == 0 else {
            throw .file(FileError(.create, "socket", errno: shim_errno()))
        }
        let ours = FileDescriptor(owning: ends.ours, path: "swtpm")
        let theirs = FileDescriptor(owning: ends.theirs, path: "swtpm")
        let arguments = CStrings([
            "swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + folder + ",mode=0600", "--flags",
            "not-need-init,startup-clear", "--fd", String(theirs.rawValue), "--key",
            "fd=" + String(keyFile.rawValue) + ",format=binary,mode=aes-256-cbc",
        ])
        let environment = CStrings(["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
        let kept = [theirs.rawValue, keyFile.rawValue, lock.rawValue]
        var process: pid_t = 0
        let code = unsafe shim_spawn_keeping(
            &process, "swtpm", arguments.pointers, environment.pointers, log.rawValue, kept, kept.count)
        guard code == 0 else {
            throw code == ENOENT ? .toolMissing("swtpm") : .file(FileError(.run, "swtpm", errno: code))
        }
        // Our copy of its end must go, or we should never see it hang up.
        _ = consume theirs
        let link = SoftwareTPMLink(connection: ours, log: log, process: process)
        // It has read its key and its state once it answers.
        _ = try link.exchange(TPMCommand.getRandom(byteCount: 8))
        do throws(FileError) { try keyFile.resize(to: 0) } catch { throw .file(error) }
        return link
    }

    private init(connection: consuming FileDescriptor, log: consuming FileDescriptor, process: pid_t) {
        self.connection = connection
        self.log = log
        self.process = process
    }

    private static func inMemory(_ name: String) throws(SVSMError) -> FileDescriptor {
        do throws(FileError) { return try FileDescriptor.createInMemory(named: name) } catch { throw .file(error) }
    }

    /// Waits until swtpm has ended: it has written its state then, and the lock is free.
    deinit {
        // As closing would, which comes only after this.
        shutdown(connection.rawValue, Int32(SHUT_RDWR))
        let deadline = MonotonicClock.milliseconds + 5000
        while shim_has_ended(process) == 0 {
            // One that was stopped never reads that we are gone.
            if MonotonicClock.milliseconds >= deadline { kill(process, SIGKILL) }
            usleep(1000)
        }
        _ = shim_wait(process)
    }

    /// Sends one command and returns the response.
    func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        try TPMFrame.check(command)
        let sent = unsafe shim_send(connection.rawValue, command, command.count, 1)
        guard sent == command.count else { throw ending() }
        var response: [UInt8] = []
        var wanted = TPMFrame.headerByteCount
        while response.count < wanted {
            response += try receive(atMost: wanted - response.count)
            if let size = TPMFrame.byteCount(response[...]) {
                guard TPMFrame.isPossible(size) else { throw .frame("a response of \(size) bytes") }
                wanted = size
            }
        }
        return response
    }

    private func receive(atMost count: Int) throws(SVSMError) -> [UInt8] {
        var entry = pollfd(fd: connection.rawValue, events: Int16(POLLIN), revents: 0)
        let deadline = MonotonicClock.milliseconds + Int64(Self.patience)
        while unsafe poll(&entry, 1, Int32(max(0, deadline - MonotonicClock.milliseconds))) <= 0 {
            guard MonotonicClock.milliseconds < deadline else {
                kill(process, SIGKILL)
                throw .silent(milliseconds: Int64(Self.patience))
            }
        }
        var block = [UInt8](repeating: 0, count: count)
        let got = unsafe read(connection.rawValue, &block, count)
        guard got > 0 else { throw ending() }
        return Array(block[..<got])
    }

    /// Why swtpm hung up. It stays a child to wait for, so that its number is nobody else's until then.
    private func ending() -> SVSMError {
        let status = shim_peek_status(process)
        return .ended(status: status, message: lastWords)
    }

    /// The last lines of its log, on one line.
    private var lastWords: String {
        do throws(FileError) {
            let size = try log.byteCount
            let count = min(size, 1024)
            let text = try log.read(Int(count), at: size - count)
            let lines = text.split(separator: 0x0A).suffix(3).map { String(decoding: $0, as: UTF8.self) }
            return lines.joined(separator: "; ")
        } catch { return error.description }
    }
}
