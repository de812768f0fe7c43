import Foundation

/// What a program wrote to one file, in order, as strace(1) saw it.
public struct WriteTrace {
    public enum Event: Equatable, Sendable {
        case write(offset: Int, bytes: [UInt8])
        case sync
    }

    public let events: [Event]

    /// Runs `arguments`, which must succeed, and keeps what they did to the file at `path`.
    public init(of arguments: [String], to path: String) throws {
        let scratch = try Scratch()
        // All strings whole and in hexadecimal; each descriptor with the name of its file.
        let strace = ["strace", "-f", "-y", "-xx", "-s", "1048576", "-e", "trace=lseek,write,pwrite64,fsync,fdatasync"]
        let result = try Command.run(strace + ["-o", scratch.file("trace")] + arguments)
        guard result.status == 0 else { throw CommandFailure(description: "\(arguments): \(result.errorText)") }
        // With -xx, names are in hexadecimal, too.
        let name = "<" + path.utf8.map { String(format: "\\x%02x", $0) }.joined() + ">"
        var position = 0
        var events: [Event] = []
        let text = String(decoding: try scratch.bytes("trace"), as: UTF8.self)
        for line in text.split(separator: "\n") where line.contains(name) {
            let words = line.split(separator: " ")
            guard let call = words.dropFirst().first, let value = words.last.flatMap({ Int($0) }), value >= 0 else {
                throw CommandFailure(description: String(line))
            }
            if call.hasPrefix("lseek(") {
                position = value
            } else if call.hasPrefix("pwrite64(") {
                guard words.count > 4, let offset = Int(words[4].dropLast()) else {
                    throw CommandFailure(description: String(line.suffix(80)))
                }
                events.append(.write(offset: offset, bytes: Array(Self.bytes(in: words[2]).prefix(value))))
            } else if call.hasPrefix("write(") {
                events.append(.write(offset: position, bytes: Array(Self.bytes(in: words[2]).prefix(value))))
                position += value
            } else {
                events.append(.sync)
            }
        }
        self.events = events
    }

    /// `"\x4c\x55…",`
    private static func bytes(in literal: Substring) -> [UInt8] {
        literal.split(separator: "\\").dropFirst().compactMap { UInt8($0.dropFirst().prefix(2), radix: 16) }
    }
}
