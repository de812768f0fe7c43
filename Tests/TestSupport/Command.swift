import Foundation

/// How a program that a test ran has ended.
public struct CommandResult: Sendable {
    public let status: Int32
    public let output: [UInt8]
    public let errorText: String

    /// Standard output as text, without the last line break.
    public var text: String { String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines) }
}

/// A program that failed where the test needs it to succeed.
public struct CommandFailure: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}

/// Runs programs from PATH and waits for them.
public enum Command {
    /// Runs `arguments` with `environment` added to the test's own; standard output goes through a file, so that
    /// no pipe fills up.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], folder: String = "/"
    ) throws -> CommandResult {
        let base = NSTemporaryDirectory() + "/sealroot-" + UUID().uuidString
        let (outPath, errorPath) = (base + ".out", base + ".err")
        for path in [outPath, errorPath] {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw CommandFailure(description: "cannot create \(path)")
            }
        }
        defer { for path in [outPath, errorPath] { try? FileManager.default.removeItem(atPath: path) } }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: outPath)
        process.standardError = FileHandle(forWritingAtPath: errorPath)
        try process.run()
        process.waitUntilExit()
        let output = try Data(contentsOf: URL(fileURLWithPath: outPath))
        let errors = try Data(contentsOf: URL(fileURLWithPath: errorPath))
        return CommandResult(
            status: process.terminationStatus, output: Array(output), errorText: String(decoding: errors, as: UTF8.self)
        )
    }
}
