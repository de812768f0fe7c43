import Foundation

/// A LUKS2 volume in a sparse file of its own, made and changed by the real `cryptsetup`. Gone with the object.
public final class VolumeFile: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let path: String
    public let byteCount: Int
    /// Holds the passphrase, for `--key-file`.
    public let keyFile: String
    private let folder: URL

    /// The cheapest key derivation that libcryptsetup allows.
    public static let cheap = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"]

    /// Formats `byteCount` bytes with aes-xts-plain64 and a 512-bit key.
    public init(byteCount: Int = 32 << 20, format options: [String] = VolumeFile.cheap) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sealroot-test-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "volume").path()
        keyFile = folder.appending(path: "passphrase").path()
        self.byteCount = byteCount
        try Data("correct horse".utf8).write(to: URL(filePath: keyFile))
        try Data().write(to: URL(filePath: path))
        try FileHandle(forWritingTo: URL(filePath: path)).truncate(atOffset: UInt64(byteCount))
        let cipher = ["--type", "luks2", "--cipher", "aes-xts-plain64", "--key-size", "512"]
        try cryptsetup("luksFormat", cipher + options + ["--key-file", keyFile, path])
    }

    /// A copy of another volume as it is now.
    public init(copying other: VolumeFile) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "sealroot-test-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appending(path: "volume").path()
        keyFile = folder.appending(path: "passphrase").path()
        byteCount = other.byteCount
        for (from, to) in [(other.path, path), (other.keyFile, keyFile)] {
            let result = try Command.run(["cp", "--reflink=auto", "--sparse=always", from, to])
            guard result.status == 0 else { throw Failure(description: result.errorText) }
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Adds a keyslot with the same passphrase.
    public func addKeyslot() throws {
        try cryptsetup("luksAddKey", Self.cheap + ["--key-file", keyFile, path, keyFile])
    }

    /// Adds a token and returns its text as cryptsetup stored it.
    public func importToken(_ json: String, id: Int = 0) throws -> String {
        let file = folder.appending(path: "token.json")
        try Data(json.utf8).write(to: file)
        try cryptsetup("token", ["import", "--token-id", "\(id)", "--json-file", file.path(), path])
        return try cryptsetup("token", ["export", "--token-id", "\(id)", path])
    }

    /// Runs one cryptsetup action and returns what it printed.
    @discardableResult
    public func cryptsetup(_ action: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/cryptsetup")
        process.arguments = ["--batch-mode", action] + arguments
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        let reported = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: action + ": " + String(decoding: reported, as: UTF8.self))
        }
        return String(decoding: printed, as: UTF8.self)
    }

    /// Up to `count` bytes from `offset`, fewer at the end of the file.
    public func read(_ offset: Int, _ count: Int) throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        try file.seek(toOffset: UInt64(offset))
        return Array(try file.read(upToCount: count) ?? Data())
    }

    public func write(_ bytes: [UInt8], at offset: Int) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data(bytes))
    }
}
