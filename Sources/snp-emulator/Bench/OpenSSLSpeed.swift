internal import InitramfsRuntime
internal import Secrets

/// What `openssl speed` says of this machine.
enum OpenSSLSpeed {
    /// One number out of its machine-readable output.
    ///
    /// - Parameters:
    ///   - subject: words of its command line.
    ///   - prefix: of the line; the last such line counts.
    ///   - field: which of the line's, with colons between, from 0 on.
    static func rate(_ subject: String, prefix: String, field: Int) throws(CommandFailure) -> Int64 {
        let lines = try BenchScript.lines("openssl speed -mr -seconds 1 " + subject + " 2>/dev/null")
        let fields = lines.last { $0.hasPrefix(prefix) }?.split(separator: ":") ?? []
        guard field < fields.count, let number = Double(fields[field]) else {
            throw CommandFailure(.unavailable, area: "bench", "openssl speed printed no number for " + subject)
        }
        return Int64(number)
    }
}

/// A shell script that measures something.
enum BenchScript {
    /// What it prints, line by line.
    static func lines(_ script: String) throws(CommandFailure) -> [String] {
        do throws(FileError) {
            let output = try SecretProgram.output(of: "/bin/sh", ["-euc", script])
            var bytes: [UInt8] = []
            for index in output.bytes.indices { bytes.append(output.bytes[index]) }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        } catch { throw CommandFailure(.unavailable, area: "bench", error.description) }
    }
}
