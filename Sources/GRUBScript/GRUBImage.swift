internal import BoundedBytes

/// What grub-mkimage puts into a GRUB image beside the kernel: the `mods` section of the PE file.
///
/// A header of 24 bytes (magic, padding, offset of the first object, size of all), then objects of a type, a length and
/// bytes; integers are little-endian. Source: GRUB 2.06, `include/grub/kernel.h`.
public struct GRUBImage: Sendable {
    /// Names of the modules that are part of the image, in the order in which they start.
    public let modules: [String]
    /// The commands that run first, by the rescue parser; empty where there are none.
    public let configuration: [UInt8]
    /// The file system in the image that scripts call `(memdisk)`.
    public let memdisk: Memdisk?
    /// Where GRUB's files are: a folder, with a device in front of it or without.
    public let prefix: String
    /// `fwsetup --is-supported` only asks, as since GRUB 2.12; before, `fwsetup` restarts whatever it is given.
    public let asksForFirmwareSetup: Bool
    /// Normal mode looks for its configuration in the image's own folder first, and opens what it finds once more than
    /// it reads it: a patch of Red Hat's that Debian and Ubuntu have since GRUB 2.12.
    public let looksBesideItself: Bool
    /// It starts programs by itself, not by the firmware, which then neither checks nor measures them: `peimage` of
    /// Debian and Ubuntu.
    public var loadsPrograms: Bool { modules.contains("peimage") }

    private static let magic: UInt32 = 0x676D_696D
    private enum ObjectType: UInt32 { case module, memdisk, configuration, prefix }

    /// Reads the bytes of the section. Objects of a type that GRUB 2.06 does not use in a boot are skipped.
    public init(parsing section: [UInt8]) throws(GRUBImageError) {
        var modules: [String] = []
        var configuration: [UInt8]?
        var memdisk: Memdisk?
        var prefix: String?
        var asksForFirmwareSetup = false
        var looksBesideItself = false
        for (type, offset, bytes) in try Self.objects(of: section) {
            switch ObjectType(rawValue: type) {
            case .module:
                let name = try ELFModule.name(of: bytes, at: offset)
                modules.append(name)
                if name == "efifwsetup" { asksForFirmwareSetup = bytes.contains("--is-supported".utf8) }
                if name == "normal" { looksBesideItself = bytes.contains("fw_path".utf8) }
            case .memdisk where memdisk == nil:
                do throws(MemdiskError) {
                    memdisk = try Memdisk(parsing: bytes)
                } catch { throw .memdisk(offset: offset, error) }
            case .configuration where configuration == nil: configuration = Array(bytes.prefix { $0 != 0 })
            case .prefix:
                guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
                    throw .text(offset: offset)
                }
                prefix = text
            default: break
            }
        }
        guard let prefix else { throw .noPrefix }
        self.init(
            modules: modules, configuration: configuration ?? [], memdisk: memdisk, prefix: prefix,
            asksForFirmwareSetup: asksForFirmwareSetup, looksBesideItself: looksBesideItself)
    }

    /// An image whose parts are known.
    public init(
        modules: [String], configuration: [UInt8], memdisk: Memdisk?, prefix: String,
        asksForFirmwareSetup: Bool = false, looksBesideItself: Bool = false
    ) {
        self.modules = modules
        self.configuration = configuration
        self.memdisk = memdisk
        self.prefix = prefix
        self.asksForFirmwareSetup = asksForFirmwareSetup
        self.looksBesideItself = looksBesideItself
    }

    /// Each object with the offset of its bytes in the section.
    private static func objects(
        of section: [UInt8]
    ) throws(GRUBImageError) -> [(type: UInt32, offset: Int, bytes: [UInt8])] {
        do throws(ByteError) {
            return try readObjects(of: section)
        } catch {
            throw .bytes(error)
        }
    }

    private static func readObjects(
        of section: [UInt8]
    ) throws(ByteError) -> [(type: UInt32, offset: Int, bytes: [UInt8])] {
        var reader = ByteReader(section.span)
        let found: UInt32 = try reader.integer()
        try reader.skip(4)
        let first: UInt64 = try reader.integer()
        let size: UInt64 = try reader.integer()
        // A wrong magic number means for GRUB that there are no objects.
        guard found == magic else { return [] }
        let left = UInt64(section.count)
        guard size <= left else { throw .truncated(offset: 16, needed: Int(clamping: size), available: section.count) }
        guard first <= size else { throw .truncated(offset: 8, needed: Int(clamping: first), available: Int(size)) }
        try reader.skip(to: Int(first))
        var objects: [(type: UInt32, offset: Int, bytes: [UInt8])] = []
        while reader.offset < Int(size) {
            let start = reader.offset
            let type: UInt32 = try reader.integer()
            let length: UInt32 = try reader.integer()
            guard length >= 8 else { throw .truncated(offset: start, needed: 8, available: Int(length)) }
            let bytes = try reader.bytes(Int(length) - 8)
            objects.append((type, start + 8, bytes))
        }
        return objects
    }
}
