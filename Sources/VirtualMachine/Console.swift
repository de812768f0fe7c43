import Foundation
import Glibc

/// The serial console of one machine, over a Unix socket.
final class SerialConsole {
    private let descriptor: Int32
    /// All that the machine has printed.
    private(set) var output: [UInt8] = []
    /// Where the next search begins: behind what was found last.
    private var position = 0

    /// Connects to `path`, which QEMU makes soon after its start.
    init(path: String, deadline: Date) throws(VirtualMachineError) {
        while true {
            if let descriptor = Self.connect(path) {
                self.descriptor = descriptor
                return
            }
            guard Date() < deadline else { throw .start("QEMU opened no console at \(path)") }
            // Nothing can be polled before the socket exists.
            usleep(20_000)
        }
    }

    /// - Parameter descriptor: of a connected socket, which is the console's from now on.
    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    private static func connect(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let isFitting = unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard bytes.count < target.count else { return false }
            unsafe target.copyBytes(from: bytes)
            return true
        }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(descriptor, $0, size) }
        }
        guard isFitting, code == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Waits until any of `texts` appears behind what was found last, and returns it with what came before it.
    func wait(forAny texts: [String], seconds: Double) throws(VirtualMachineError) -> (text: String, before: String) {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let found = find(texts) { return found }
            let left = deadline.timeIntervalSinceNow
            let name = texts.joined(separator: "' or '")
            guard left > 0 else { throw .timeout(waitingFor: name, console: lastLines) }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, Int32(left * 1000) + 1) > 0 else { continue }
            var block = [UInt8](repeating: 0, count: 65536)
            let count = unsafe read(descriptor, &block, block.count)
            guard count > 0 else { throw .ended(waitingFor: name, console: lastLines) }
            output += block[0..<count]
        }
    }

    /// Reads until the machine hangs up.
    func drain(seconds: Double) throws(VirtualMachineError) {
        do throws(VirtualMachineError) { _ = try wait(forAny: ["\u{0}never printed"], seconds: seconds) } catch {
            guard case .ended = error else { throw error }
        }
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            guard count > 0 else { return }
            done += count
        }
    }

    private func find(_ texts: [String]) -> (text: String, before: String)? {
        let hay = Data(output[position...])
        let hits = texts.compactMap { text in hay.range(of: Data(text.utf8)).map { (text, $0) } }
        guard let first = hits.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else { return nil }
        let before = String(decoding: hay[hay.startIndex..<first.1.lowerBound], as: UTF8.self)
        position += first.1.upperBound - hay.startIndex
        return (first.0, before)
    }

    var lastLines: String { String(decoding: output.suffix(2000), as: UTF8.self) }
}
