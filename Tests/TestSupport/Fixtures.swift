public import Foundation

/// Files that our own machines made and the repository holds: `Tests/Fixtures`, each folder with a README of its origin.
public enum Fixtures {
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
        .standardized

    /// The bytes of one file, such as `demo-boot/eventlog.bin`.
    public static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: path)))
    }

    public static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }
}
