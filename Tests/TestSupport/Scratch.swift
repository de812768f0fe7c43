public import Foundation

/// A folder of its own for one test, and the system's programs in it.
public final class Scratch: Sendable {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "sealroot-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The full name of a file in the folder.
    public func file(_ name: String) -> String { path + "/" + name }

    public func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

    public func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(name)))) }

    public func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(filePath: file(name))) }

    /// Runs a shell script in the folder, and fails where one of its commands does.
    ///
    /// - Returns: standard output, without the line end.
    @discardableResult
    public func shell(_ script: String) throws -> String {
        let setUp = "PATH=$PATH:/usr/sbin:/sbin; export PATH; "
        let result = try Command.run(["sh", "-euc", setUp + script], environment: ["LC_ALL": "C"], folder: path)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(script)\nended with \(result.status): \(result.errorText)")
        }
        return result.text
    }

    /// A program that this package built, beside the test bundle.
    public static func product(_ name: String) -> URL {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
    }
}
