internal import JSON

/// The `config` section.
public struct Configuration: Equatable, Sendable {
    /// How the mapping is activated when nobody says otherwise. `no-journal` is for integrity devices only.
    public enum Flag: String, Sendable {
        case allowDiscards = "allow-discards"
        case sameCPUCrypt = "same-cpu-crypt"
        case submitFromCryptCPUs = "submit-from-crypt-cpus"
        case noReadWorkqueue = "no-read-workqueue"
        case noWriteWorkqueue = "no-write-workqueue"
    }

    public let flags: [Flag]
    /// Where all keyslot areas lie: right behind the two header copies.
    public let keyslotsArea: Extent

    /// libcryptsetup's own limit, in bytes (`LUKS2_MAX_KEYSLOTS_SIZE`).
    private static let largestKeyslotsSize: UInt64 = 128 << 20

    init(_ reader: consuming MetadataReader, copyByteCount: Int) throws(HeaderError) {
        var reader = reader
        // Named before the rest: an unfinished reencryption breaks many rules, and this one says what it is.
        if let requirements = reader.optional("requirements") {
            throw .refused(.requirements, object: reader.path(of: "requirements"), found: requirements.compact)
        }
        let jsonSize = try reader.decimal("json_size")
        guard jsonSize == UInt64(copyByteCount - HeaderCopy.binaryByteCount) else {
            throw .refused(.configJSONSize, object: reader.path(of: "json_size"), found: "\(jsonSize)")
        }
        let size = try reader.decimal("keyslots_size")
        guard size <= Self.largestKeyslotsSize, size % 4096 == 0,
            let area = Extent(offset: 2 * UInt64(copyByteCount), byteCount: size)
        else { throw .refused(.configKeyslotsSize, object: reader.path(of: "keyslots_size"), found: "\(size)") }
        keyslotsArea = area
        flags = try Self.flags(&reader)
        try reader.finish()
    }

    private static func flags(_ reader: inout MetadataReader) throws(HeaderError) -> [Flag] {
        guard let value = reader.optional("flags") else { return [] }
        let path = reader.path(of: "flags")
        var flags: [Flag] = []
        for entry in value.array ?? [value] {
            guard let name = entry.string, let flag = Flag(rawValue: name) else {
                throw .refused(.configFlags, object: path, found: entry.string ?? entry.compact)
            }
            flags.append(flag)
        }
        return flags
    }
}
