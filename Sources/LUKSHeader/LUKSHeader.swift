public import JSON

/// The header of a LUKS2 volume that keeps every rule of architecture.md, 4.2. There is no other way to make one
/// than by the check, so whoever holds a value of this type need not check again.
///
/// Source of the format: LUKS2 On-Disk Format Specification 1.1, "JSON Area" and what follows. It is what cryptsetup 2.4
/// to 2.8 write for an ordinary encrypted disk, and nothing else.
public struct LUKSHeader: Equatable, Sendable {
    /// Which of the two copies was read: both where they are alike, else the newer, or the one that is whole.
    public let source: HeaderCopy.Kind
    /// The other copy, where it was cut short. The next command that writes the header makes it whole.
    public let tornCopy: TornCopy?
    /// Length of one header copy, in bytes.
    public let copyByteCount: Int
    public let sequenceID: UInt64
    public let label: String
    public let uuid: String
    /// Ascending by id, as all lists here.
    public let keyslots: [Keyslot]
    public let tokens: [Token]
    public let segment: Segment
    public let digest: VolumeKeyDigest
    public let configuration: HeaderConfiguration
    /// The whole JSON metadata as it was read.
    public let metadata: JSONValue

    /// Reads both copies and checks every rule.
    ///
    /// - Parameter deviceByteCount: length of the device or image that holds header and data, in bytes.
    /// - Throws: `.malformed` where neither copy can be read, `.copyInvalid` where one cannot and is not torn, else
    ///   the first rule that is broken.
    public init(checking copies: HeaderCopies, deviceByteCount: UInt64) throws(HeaderError) {
        let (copy, tornCopy) = try Self.agreedCopy(copies)
        var root = try ObjectReader(copy.metadata, at: "", wrap: HeaderError.member)
        let configuration = try HeaderConfiguration(root.object("config"), copyByteCount: copy.byteCount)
        let keyslots = try root.objects("keyslots") { id, slot throws(HeaderError) in try Keyslot(slot, id: id) }
        let segments = try root.objects("segments") { id, segment throws(HeaderError) in
            try Segment(segment, id: id, deviceByteCount: deviceByteCount)
        }
        guard let segment = segments.first, segments.count == 1 else {
            throw .refused(.segmentCount, object: "segments", found: "\(segments.count)")
        }
        let digests = try root.objects("digests") { id, digest throws(HeaderError) in
            try VolumeKeyDigest(digest, id: id)
        }
        guard let digest = digests.first, digests.count == 1 else {
            throw .refused(.digestCount, object: "digests", found: "\(digests.count)")
        }
        let tokens = try root.objects("tokens") { id, token throws(HeaderError) in try Token(token, id: id) }
        try root.finish()

        try Self.checkReferences(keyslots: keyslots, tokens: tokens, segment: segment, digest: digest)
        try Self.checkLayout(configuration: configuration, keyslots: keyslots, segment: segment)

        source = copy.kind
        self.tornCopy = tornCopy
        copyByteCount = copy.byteCount
        sequenceID = copy.sequenceID
        label = copy.label
        uuid = copy.uuid
        metadata = copy.metadata
        self.keyslots = keyslots
        self.tokens = tokens
        self.segment = segment
        self.digest = digest
        self.configuration = configuration
    }

    public func keyslot(_ id: Int) -> Keyslot? { keyslots.first { $0.id == id } }

    /// The tokens of one type.
    public func tokens(ofType type: String) -> [Token] { tokens.filter { $0.type == type } }

    /// Room for the metadata in each copy, in bytes.
    public var jsonByteCount: Int { copyByteCount - HeaderCopy.binaryByteCount }

    /// Length of what precedes the data, in bytes: both header copies and the keyslot areas. Whoever opens the
    /// volume without its disk's own header needs a copy of so much.
    public var metadataByteCount: UInt64 { configuration.keyslotsArea.end }
}
