public import JSON

/// Any token: LUKS2 asks for two members, the rest belongs to whoever wrote it. Tokens open nothing by
/// themselves, so those of other programs may stand beside ours.
public struct Token: Equatable, Sendable {
    public let id: Int
    public let type: String
    /// Ids of the keyslots it serves.
    public let keyslots: [Int]
    /// The whole token.
    public let value: JSONValue

    init(_ reader: consuming MetadataReader, id: Int) throws(HeaderError) {
        var reader = reader
        self.id = id
        value = reader.whole
        type = try reader.string("type")
        keyslots = try reader.ids("keyslots")
    }
}
