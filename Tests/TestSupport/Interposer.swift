import Foundation
import Glibc

/// A man in the middle between a client and a `SoftwareTPM`: it records the commands, and answers what its judge
/// says.
public final class Interposer: @unchecked Sendable {
    /// Gets a command's number (from 0), its bytes, and a way to ask the TPM; returns the answer for the client,
    /// or nil to hang up.
    public typealias Judge = @Sendable (Int, [UInt8], ([UInt8]) -> [UInt8]) -> [UInt8]?

    public var tcti: String { "swtpm:path=" + path }
    private let path: String
    /// Kept, since a test may have no other use for it.
    private let tpm: SoftwareTPM
    private let upstream: String
    private let judge: Judge
    private let deathPoint: (number: Int, isExecuted: Bool)?
    private let lock = NSLock()
    private var traffic: [(command: [UInt8], reply: [UInt8])] = []
    private var listeners: [Int32] = []
    private var lastingCount = 0

    /// - Parameter point: a `.command` at which the client is killed.
    public init(
        before tpm: SoftwareTPM, killingAt point: KillPoint? = nil,
        judge: @escaping Judge = { _, command, ask in ask(command) }
    ) throws {
        if case .command(let number, let isExecuted) = point {
            deathPoint = (number, isExecuted)
        } else {
            deathPoint = nil
        }
        path = tpm.path("proxy-" + UUID().uuidString.prefix(8))
        self.tpm = tpm
        upstream = tpm.socketPath
        self.judge = judge
        try listen(path) { [weak self] in self?.serve($0) }
        try listen(path + ".ctrl") { [weak self] in self?.serveControl($0) }
    }

    deinit { for listener in listeners { shutdown(listener, Int32(SHUT_RDWR)) } }

    /// What the client sent and got so far.
    public var exchanges: [(command: [UInt8], reply: [UInt8])] { lock.withLock { traffic } }

    /// Commands so far.
    public var count: Int { exchanges.count }

    /// The TPM_CC of a command.
    public static func code(_ command: [UInt8]) -> UInt32 {
        command.count < 10 ? 0 : command[6..<10].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// One command; tpm2-tss connects anew for each. Hanging up afterwards ends a wait for a reply that was cut.
    private func serve(_ client: Int32) {
        guard let command = Self.readFrame(client) else { return }
        let number = lock.withLock {
            traffic.append((command, []))
            return traffic.count - 1
        }
        if let deathPoint, Self.isLasting(command), nextLastingNumber() == deathPoint.number {
            if deathPoint.isExecuted { _ = ask(command) }
            // Who is at the other end, the kernel knows.
            return Self.killPeer(of: client)
        }
        let reply = judge(number, command, ask)
        lock.withLock { traffic[number].reply = reply ?? [] }
        if let reply { Self.write(reply, to: client) }
    }

    /// Asks the TPM, past the judge.
    public func ask(_ command: [UInt8]) -> [UInt8] {
        guard let tpm = Self.connect(upstream) else { return [] }
        defer { close(tpm) }
        Self.write(command, to: tpm)
        return Self.readFrame(tpm) ?? []
    }

    private func nextLastingNumber() -> Int {
        lock.withLock {
            lastingCount += 1
            return lastingCount
        }
    }

    /// Source: TCG TPM 2.0 Library, Part 2, section 6.5.2: TPM2_EvictControl, TPM2_NV_UndefineSpace, TPM2_NV_DefineSpace,
    /// TPM2_NV_Increment, TPM2_NV_Write.
    private static func isLasting(_ command: [UInt8]) -> Bool {
        [0x120, 0x122, 0x12A, 0x134, 0x137].contains(code(command))
    }

    private func serveControl(_ client: Int32) {
        guard let tpm = Self.connect(upstream + ".ctrl") else { return }
        defer { close(tpm) }
        while let request = Self.readSome(client), !request.isEmpty {
            Self.write(request, to: tpm)
            guard let reply = Self.readSome(tpm) else { return }
            Self.write(reply, to: client)
        }
    }

    private func listen(_ path: String, _ handler: @escaping @Sendable (Int32) -> Void) throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard unsafe Self.withAddress(path, { unsafe Glibc.bind(listener, $0, $1) }) == 0,
            Glibc.listen(listener, 16) == 0
        else { throw CommandFailure(description: "cannot listen on \(path)") }
        listeners.append(listener)
        Thread.detachNewThread {
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0 else { break }
                Thread.detachNewThread {
                    handler(client)
                    close(client)
                }
            }
            close(listener)
        }
    }

    // MARK: Sockets

    /// Source: unix(7), SO_PEERCRED: process, user and group, each of four bytes.
    private static func killPeer(of client: Int32) {
        var credentials: (pid_t, UInt32, UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard unsafe getsockopt(client, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0, credentials.0 > 1 else {
            return
        }
        kill(credentials.0, SIGKILL)
    }

    /// Whether somebody takes connections there; one is made and closed.
    static func isListening(_ path: String) -> Bool {
        guard let connection = connect(path) else { return false }
        close(connection)
        return true
    }

    private static func connect(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard unsafe withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes.prefix($0.count - 1)) }
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func readSome(_ descriptor: Int32, atMost limit: Int = 8192) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = unsafe Glibc.read(descriptor, &bytes, limit)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// A command or response: its size stands in bytes 2 to 5. Nil at the end of the stream.
    private static func readFrame(_ descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var wanted = 10
        while bytes.count < wanted {
            guard let some = readSome(descriptor, atMost: wanted - bytes.count), !some.isEmpty else { return nil }
            bytes += some
            if bytes.count == 10 { wanted = bytes[2..<6].reduce(0) { $0 << 8 | Int($1) } }
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        // MSG_NOSIGNAL: a client that hung up must not end the test program.
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
