internal import BoundedBytes
internal import JSON

extension LUKSHeader {
    private static let canonicalLabel = "sealroot luks2 header"
    private static let canonicalVersion: UInt32 = 1

    /// What the header MAC covers, or nil where the volume has no such keyslot.
    ///
    /// Form, all integers big-endian, `text` and lists with a 32-bit length before them:
    /// label text, version u32, UUID text, header size u64, then the values `segments`, `digests`, `config`, the
    /// keyslot's id u32 and the keyslot. A value is a tag byte and: 0 null; 1 bool u8; 2 integer u64 (two's
    /// complement); 3 text; 4 count u32 and values; 5 count u32 and members, name text and value, ascending
    /// by the bytes of the name. So the bytes do not depend on spelling or order of the JSON.
    ///
    /// Covered is all that decides which bytes are decrypted where, with which cipher and key. Not covered:
    /// other keyslots, tokens and who else the digest vouches for, so that a recovery key or the token itself may
    /// come and go; sequence id and salts, which change with every write; label and subsystem, which only name.
    /// The key material in the keyslot's area is not covered either: another key fails the volume-key identity.
    public func canonical(keyslot id: Int) -> [UInt8]? {
        guard let keyslot = metadata["keyslots"]?["\(id)"] else { return nil }
        var writer = ByteWriter()
        writer.lengthPrefixed(Self.canonicalLabel)
        writer.bigEndian(Self.canonicalVersion)
        writer.lengthPrefixed(uuid)
        writer.bigEndian(UInt64(copyByteCount))
        writer.canonical(metadata["segments"] ?? .null)
        writer.canonical(Self.digests(metadata["digests"] ?? .null, naming: "\(id)"))
        writer.canonical(metadata["config"] ?? .null)
        writer.bigEndian(UInt32(truncatingIfNeeded: id))
        writer.canonical(keyslot)
        return writer.bytes
    }

    /// The digests with only the named keyslot left in their lists of keyslots.
    private static func digests(_ section: JSONValue, naming id: String) -> JSONValue {
        .object(
            (section.members ?? []).map { digest in
                let members = (digest.value.members ?? []).map { member in
                    member.name == "keyslots"
                        ? JSONMember(member.name, .array((member.value.array ?? []).filter { $0 == .string(id) }))
                        : member
                }
                return JSONMember(digest.name, .object(members))
            })
    }
}

extension ByteWriter {
    fileprivate mutating func canonical(_ value: JSONValue) {
        switch value {
        case .null: append([0])
        case .bool(let flag): append([1, flag ? 1 : 0])
        case .integer(let number):
            append([2])
            bigEndian(UInt64(bitPattern: number))
        case .string(let text):
            append([3])
            lengthPrefixed(text)
        case .array(let values):
            append([4])
            bigEndian(UInt32(truncatingIfNeeded: values.count))
            for value in values { canonical(value) }
        case .object(let members):
            append([5])
            bigEndian(UInt32(truncatingIfNeeded: members.count))
            for member in members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
                lengthPrefixed(member.name)
                canonical(member.value)
            }
        }
    }
}
