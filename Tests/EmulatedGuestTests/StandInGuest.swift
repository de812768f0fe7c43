import Foundation
import TestSupport

/// Guests on the stand-in for the AMD-SP.
enum StandInGuest {
    /// The C client, compiled once.
    static let client: String = {
        let path = Scratch.product("guest-client").path
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../GuestClient/client.c")
        let result = try? Command.run(
            ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", path, source.standardized.path])
        guard result?.status == 0 else { fatalError("cc: \(result?.errorText ?? "not found")") }
        return path
    }()

    static let program = Scratch.product("guest-stand-in").path

    /// Runs a shell script in a guest; `client` is the C client.
    static func run(
        _ script: String, _ options: [String] = [], user: Int? = nil, folder: String = "/"
    ) throws -> CommandResult {
        let prefix =
            user.map { ["setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups", "--"] } ?? []
        return try Command.run(
            ["timeout", "-k", "5", "100"] + prefix + [program] + options + ["--", "sh", "-uc", script],
            environment: ["client": client, "LC_ALL": "C", "reports": "/sys/kernel/config/tsm/report"], folder: folder)
    }

    /// As `run`, where the script succeeds.
    static func output(_ script: String, _ options: String...) throws -> String {
        let result = try run(script, options)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(script)\nended with \(result.status): \(result.errorText)")
        }
        return result.text
    }

    /// What the C client printed for each of its calls.
    static func calls(_ arguments: String, _ options: String...) throws -> [ClientCall] {
        try run("\"$client\" " + arguments, options).text.split(separator: "\n").map { ClientCall(String($0)) }
    }
}

/// One line of the C client.
struct ClientCall {
    private let values: [String: String]

    init(_ line: String) {
        values = Dictionary(
            line.split(separator: " ").map { word in
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { $1 })
    }

    subscript(name: String) -> String { values[name] ?? "none" }
    var errno: Int32 { Int32(self["errno"]) ?? -1 }

    /// exitinfo2 as the client left it, which shows that nobody wrote to it.
    static let untouched = "1122334455667788"
}
