public import Foundation

/// The sample files that lie beside the checkout and are not part of the repository, read in place.
public enum SharedData {
    /// `$SEALROOT_SHARED_DATA`, else `../shared/data` beside the package; nil where neither is a folder.
    public static let folder: URL? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let given = ProcessInfo.processInfo.environment["SEALROOT_SHARED_DATA"]
        let folder = given.map { URL(filePath: $0) } ?? package.appending(path: "../shared/data").standardized
        guard (try? folder.checkResourceIsReachable()) == true else {
            let line =
                "SKIPPED: no sample files at \(folder.path()); set SEALROOT_SHARED_DATA to run the tests that need them\n"
            FileHandle.standardError.write(Data(line.utf8))
            return nil
        }
        return folder
    }()

    /// For `.enabled(if:)`: a test that needs the files is skipped, and reported as such, without them.
    public static var isPresent: Bool { folder != nil }

    /// The bytes of one file, such as `luks2/luks.go-metadata-1.json`.
    public static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: folder.appending(path: path)))
    }
}
