internal import BoundedBytes
public import FileSystems

/// The small FAT file system that Debian builds into its GRUB image, read-only.
///
/// Names compare without regard to the case of ASCII letters, as GRUB compares them.
public struct Memdisk: Sendable {
    private let volume: FATVolume<MemoryVolume>

    public init(parsing bytes: [UInt8]) throws(FATError) {
        volume = try Self.reading { () throws(Failure) in try FATVolume(MemoryVolume(bytes)) }
    }

    /// The first `limit` bytes, or all of them where there are fewer, of the file at `path`; nil where there is none.
    ///
    /// - Throws: whatever the limit, where the clusters of the file or of a folder on the way are not all there.
    public func file(at path: String, limit: Int = .max) throws(FATError) -> [UInt8]? {
        guard let entry = try entry(at: path), !entry.isFolder else { return nil }
        return try Self.reading { () throws(Failure) in try volume.read(entry, limit: limit) }
    }

    /// Whether `path` is a directory; nil where nothing lies there.
    func isDirectory(at path: String) throws(FATError) -> Bool? {
        FATPath.names(path)?.isEmpty == true ? true : try entry(at: path)?.isFolder
    }

    private func entry(at path: String) throws(FATError) -> FATEntry? {
        guard let names = FATPath.names(path) else { return nil }
        return try Self.reading { () throws(Failure) in try volume.entry(at: names) }
    }

    private typealias Failure = FATFailure<ByteError>

    private static func reading<Value>(_ body: () throws(Failure) -> Value) throws(FATError) -> Value {
        do throws(Failure) { return try body() } catch {
            switch error {
            case .source(let error): throw .bytes(error)
            case .format(let error): throw error
            }
        }
    }
}

extension Interpreter {
    /// What the memory disk says: nil where the image has none. How GRUB would go on with a spoilt one is not known.
    func fromMemdisk<Value>(_ body: (Memdisk) throws(FATError) -> Value?) throws(Stop) -> Value? {
        guard let memdisk = machine.image.memdisk else { return nil }
        do throws(FATError) {
            return try body(memdisk)
        } catch {
            throw unpredictable("memory disk: \(error)")
        }
    }
}
