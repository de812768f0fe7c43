internal import BoundedBytes
internal import Cryptography
public import JSON

/// One of the two copies of a LUKS2 header: the binary header with its checksum verified, and the JSON metadata
/// not yet looked into.
///
/// Source: LUKS2 On-Disk Format Specification 1.1, "Binary Header" and "JSON Area"; cryptsetup 2.6.1,
/// `lib/luks2/luks2_disk_metadata.c`. All integers are big-endian; each
/// offset below is in bytes from the start of the copy. Stricter than libcryptsetup 2.6 where cryptsetup
/// always writes one form: all padding is zero, the only checksum is SHA-256, JSON is read in strict mode.
public struct HeaderCopy: Equatable, Sendable {
    public enum Kind: String, Sendable {
        case primary, secondary

        var magic: [UInt8] {
            switch self {
            case .primary: Array("LUKS".utf8) + [0xBA, 0xBE]
            case .secondary: Array("SKUL".utf8) + [0xBA, 0xBE]
            }
        }
    }

    /// Length of the binary header, in bytes; the JSON area follows.
    public static let binaryByteCount = 4096
    /// Every allowed length of a copy, in bytes, ascending. The secondary copy begins where the primary ends.
    public static let allowedByteCounts = (14...22).map { 1 << $0 }

    public let kind: Kind
    public let byteCount: Int  // 0x008
    public let sequenceID: UInt64  // 0x010
    public let label: String  // 0x018
    public let uuid: String  // 0x0A8
    public let subsystem: String  // 0x0D0

    /// The JSON text without its padding.
    let metadataText: [UInt8]  // 0x1000
    public let metadata: JSONValue

    /// How many bytes the copy has whose first 16 bytes, or more, are `start`.
    ///
    /// - Throws: a defect of magic, version or size. The rest is not looked at.
    public static func byteCount(ofCopyStarting start: [UInt8], kind: Kind) throws(HeaderDefect) -> Int {
        let preamble: BinaryHeader.Preamble
        do throws(ByteError) { preamble = try BinaryHeader.Preamble(parsing: start) } catch { throw .bytes(error) }
        guard preamble.magic == kind.magic else { throw .magic }
        guard preamble.version == 2 else { throw .version(preamble.version) }
        guard let byteCount = Int(exactly: preamble.byteCount), allowedByteCounts.contains(byteCount) else {
            throw .size(preamble.byteCount)
        }
        return byteCount
    }

    /// Reads the copy that `bytes` holds, no more and no less.
    public init(parsing bytes: [UInt8], kind: Kind) throws(HeaderDefect) {
        self.kind = kind
        byteCount = try Self.byteCount(ofCopyStarting: bytes, kind: kind)
        let header: BinaryHeader
        do throws(ByteError) {
            header = try BinaryHeader(parsing: bytes, byteCount: byteCount)
        } catch {
            throw .bytes(error)
        }
        sequenceID = header.sequenceID
        label = try Self.text(header.label, offset: 0x018)
        let algorithm = try Self.text(header.checksumAlgorithm, offset: 0x048)
        uuid = try Self.text(header.uuid, offset: 0x0A8)
        subsystem = try Self.text(header.subsystem, offset: 0x0D0)
        guard header.offset == (kind == .primary ? 0 : UInt64(byteCount)) else { throw .position(header.offset) }
        guard algorithm == DigestAlgorithm.sha256.rawValue else { throw .checksumAlgorithm(algorithm) }
        let checksum: [UInt8]
        do throws(CryptographyError) { checksum = try Self.checksum(of: bytes) } catch { throw .cryptography(error) }
        guard checksum == header.checksum else { throw .checksum }
        guard Self.isUUID(uuid) else { throw .uuid }
        metadataText = try Self.text(inArea: bytes[Self.binaryByteCount...])
        // Of a header as cryptsetup writes it a value takes 25 bytes, and its JSON ends long before 50 KB.
        let mostValues = 512 + metadataText.count / 32
        do throws(JSONError) { metadata = try JSONValue(parsing: metadataText, mostValues: mostValues) } catch {
            throw .metadata(error)
        }
    }

    /// SHA-256 over the whole copy with the checksum field, 64 bytes at 0x1C0, set to zero.
    static func checksum(of bytes: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var blank = bytes
        for index in BinaryHeader.checksumField { blank[index] = 0 }
        return try DigestAlgorithm.sha256.hash(blank)
    }

    /// Whether the checksum is right, whatever else is wrong with the copy. False where it is too short to tell.
    static func hasRightChecksum(_ bytes: [UInt8]) throws(CryptographyError) -> Bool {
        guard bytes.count >= binaryByteCount else { return false }
        let field = BinaryHeader.checksumField
        let digest = try checksum(of: bytes)
        return bytes[field].starts(with: digest) && bytes[field].dropFirst(digest.count).allSatisfy { $0 == 0 }
    }

    private static func text(_ field: [UInt8], offset: Int) throws(HeaderDefect) -> String {
        guard let end = field.firstIndex(of: 0), field[end...].allSatisfy({ $0 == 0 }),
            let text = String(validating: field[..<end], as: UTF8.self)
        else { throw .text(offset: offset) }
        return text
    }

    /// The JSON text: all before the first zero byte. libcryptsetup too refuses another byte behind it.
    private static func text(inArea area: ArraySlice<UInt8>) throws(HeaderDefect) -> [UInt8] {
        guard area.first == 0x7B else { throw .metadataArea(offset: area.startIndex) }
        guard let end = area.firstIndex(of: 0) else { throw .metadataArea(offset: area.endIndex) }
        if let stray = area[end...].firstIndex(where: { $0 != 0 }) { throw .metadataArea(offset: stray) }
        return Array(area[..<end])
    }

    private static func isUUID(_ text: String) -> Bool {
        let groups = text.utf8.split(separator: 0x2D, omittingEmptySubsequences: false)
        return groups.map { $0.count } == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || (0x41...0x46).contains($0)
            }
    }
}
