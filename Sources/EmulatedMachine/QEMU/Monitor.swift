internal import CLinux
internal import InitramfsRuntime
internal import JSON

/// QEMU's own word on why a machine ended, over its monitor.
///
/// Source: QEMU Machine Protocol: an object a line; `qmp_capabilities`, and the event SHUTDOWN.
struct Monitor: ~Copyable {
    /// Why a machine ended.
    enum End: Equatable {
        /// The guest switched it off.
        case powerOff
        /// The guest wants it to start again.
        case reset
    }

    private let socket: FileDescriptor
    private var pending: [UInt8] = []
    /// QEMU has read its command line, and all files that it names.
    private(set) var isReady = false
    private(set) var end: End?

    /// More than any of its lines have, in bytes.
    private static let longestLine = 1 << 16

    init(_ socket: consuming FileDescriptor) {
        self.socket = socket
        let greeting = Array("{\"execute\":\"qmp_capabilities\"}\n".utf8)
        _ = unsafe shim_send(self.socket.rawValue, greeting, greeting.count, 1)
    }

    var descriptor: Int32 { socket.rawValue }

    /// Reads what there is; false once QEMU has hung up.
    mutating func serve() -> Bool {
        var block = [UInt8](repeating: 0, count: 4096)
        let got = unsafe read(socket.rawValue, &block, block.count)
        guard got > 0 else { return got < 0 && shim_errno() == EINTR }
        pending += block[..<got]
        while let line = pending.firstIndex(of: 0x0A) {
            take(Array(pending[..<line]))
            pending.removeFirst(line + 1)
        }
        return pending.count <= Self.longestLine
    }

    private mutating func take(_ line: [UInt8]) {
        let message: JSONValue
        do throws(JSONError) { message = try JSONValue(parsing: line) } catch { return }
        if message["return"] != nil { isReady = true }
        guard message["event"]?.string == "SHUTDOWN" else { return }
        switch message["data"]?["reason"]?.string {
        case "guest-shutdown": end = .powerOff
        case "guest-reset": end = .reset
        default: end = nil
        }
    }
}
