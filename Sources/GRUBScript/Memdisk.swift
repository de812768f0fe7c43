internal import BoundedBytes
internal import FileSystems
internal import SquashFS

/// The small file system that Debian and Ubuntu build into their GRUB image, read-only: FAT with GRUB 2.06, squashfs since
/// GRUB 2.12.
///
/// Names on FAT compare without regard to the case of ASCII letters, as GRUB compares them.
public struct Memdisk: Sendable {
    private enum Volume {
        case fat(FATVolume<MemoryVolume>)
        case squash(SquashVolume)
    }

    private let volume: Volume

    public init(parsing bytes: [UInt8]) throws(MemdiskError) {
        volume =
            SquashVolume.isAtStart(of: bytes)
            ? try Self.squash { () throws(SquashError) in .squash(try SquashVolume(parsing: bytes)) }
            : try Self.fat { () throws(Failure) in .fat(try FATVolume(MemoryVolume(bytes))) }
    }

    /// The first `limit` bytes, or all of them where there are fewer, of the file at `path`; nil where there is none.
    ///
    /// - Throws: whatever the limit, where the blocks of the file or of a folder on the way are not all there.
    public func file(at path: String, limit: Int = .max) throws(MemdiskError) -> [UInt8]? {
        guard let names = FATPath.names(path) else { return nil }
        switch volume {
        case .fat(let fat):
            return try Self.fat { () throws(Failure) in
                guard let entry = try fat.entry(at: names), !entry.isFolder else { return nil }
                return try fat.read(entry, limit: limit)
            }
        case .squash(let squash):
            return try Self.squash { () throws(SquashError) in try squash.file(at: names, limit: limit) }
        }
    }

    /// Whether `path` is a directory; nil where nothing lies there.
    func isDirectory(at path: String) throws(MemdiskError) -> Bool? {
        guard let names = FATPath.names(path) else { return nil }
        switch volume {
        case .fat(let fat):
            return names.isEmpty
                ? true : try Self.fat { () throws(Failure) in try fat.entry(at: names)?.isFolder }
        case .squash(let squash):
            return try Self.squash { () throws(SquashError) in try squash.isDirectory(at: names) }
        }
    }

    private typealias Failure = FATFailure<ByteError>

    private static func fat<Value>(_ body: () throws(Failure) -> Value) throws(MemdiskError) -> Value {
        do throws(Failure) { return try body() } catch {
            switch error {
            case .source(let error): throw .fat(.bytes(error))
            case .format(let error): throw .fat(error)
            }
        }
    }

    private static func squash<Value>(_ body: () throws(SquashError) -> Value) throws(MemdiskError) -> Value {
        do throws(SquashError) { return try body() } catch { throw .squash(error) }
    }
}

extension Interpreter {
    /// What the memory disk says: nil where the image has none. How GRUB would go on with a spoilt one is not known.
    func fromMemdisk<Value>(_ body: (Memdisk) throws(MemdiskError) -> Value?) throws(Stop) -> Value? {
        guard let memdisk = machine.image.memdisk else { return nil }
        do throws(MemdiskError) {
            return try body(memdisk)
        } catch {
            throw unpredictable("memory disk: \(error)")
        }
    }
}
