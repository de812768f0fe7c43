public import Cryptography
public import InitramfsRuntime
public import LUKSHeader

/// A volume's header as it was read once, checked, and put where the host cannot change it: a sealed file
/// in memory, with both copies and the key material of every keyslot.
///
/// libcryptsetup opens this file (`LUKSVolume.open(headerAt:dataAt:)`); the header on the disk is never
/// read again, so it does not matter what it turns into after the check.
public struct HeaderImage: ~Copyable {
    public let header: LUKSHeader
    private let file: FileDescriptor

    /// A path that names the file for this process.
    public var path: String { file.path }

    private init(_ header: LUKSHeader, in file: consuming FileDescriptor) {
        self.header = header
        self.file = file
    }

    /// Reads the header of the device or image file at `path`, once.
    public static func copy(of path: String) throws(HeaderImageError) -> HeaderImage {
        let device = try open(path)
        let (read, header) = try readHeader(of: device)
        let copies = try rethrow(as: HeaderImageError.cryptography) { () throws(CryptographyError) in
            try read.restored(from: header.source)
        }
        let file = try rethrow(as: HeaderImageError.file) { () throws(FileError) in
            let file = try FileDescriptor.createInMemory(named: "luks2-header")
            try file.resize(to: header.metadataByteCount)
            try file.write(copies.primary, at: 0)
            try file.write(copies.secondary, at: UInt64(copies.primary.count))
            for keyslot in header.keyslots {
                let area = try device.read(Int(keyslot.area.byteCount), at: keyslot.area.offset)
                try file.write(area, at: keyslot.area.offset)
            }
            try file.sealAgainstChange()
            return file
        }
        return HeaderImage(header, in: file)
    }

    /// Reads and checks only the header, for those who do not open the volume.
    public static func header(of path: String) throws(HeaderImageError) -> LUKSHeader {
        return try readHeader(of: open(path)).value
    }

    private static func open(_ path: String) throws(HeaderImageError) -> FileDescriptor {
        do throws(FileError) { return try FileDescriptor.open(readingAt: path) } catch { throw .file(error) }
    }

    private static func readHeader(
        of device: borrowing FileDescriptor
    ) throws(HeaderImageError) -> (copies: HeaderCopies, value: LUKSHeader) {
        let size: UInt64
        let copies: HeaderCopies
        do throws(FileError) {
            size = try device.byteCount
            copies = try HeaderCopies { (offset, count) throws(FileError) in
                guard UInt64(offset) < size else { return [] }
                return try device.read(Int(min(UInt64(count), size - UInt64(offset))), at: UInt64(offset))
            }
        } catch { throw .file(error) }
        do throws(HeaderError) {
            return (copies, try LUKSHeader(checking: copies, deviceByteCount: size))
        } catch { throw .header(error) }
    }
}

/// Why a header cannot be had.
public enum HeaderImageError: Error, Equatable {
    case file(FileError)
    case header(HeaderError)
    case cryptography(CryptographyError)
}
