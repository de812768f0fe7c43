public import Cryptography
internal import JSON

/// The digest of type `pbkdf2` that tells whether a key is the volume key.
public struct VolumeKeyDigest: Equatable, Sendable {
    public let id: Int
    public let hash: DigestAlgorithm
    public let iterations: Int
    /// Ids of the keyslots that hold the key.
    public let keyslots: [Int]
    /// Ids of the segments that it encrypts.
    let segments: [Int]

    init(_ reader: consuming MetadataReader, id: Int) throws(HeaderError) {
        var reader = reader
        self.id = id
        try reader.only("pbkdf2", "type", .digestType)
        hash = try reader.hash("hash", .digestHash)
        iterations = try reader.integer("iterations", in: KeyDerivationCost.iterations, .digestIterations)
        _ = try reader.bytes("salt", count: KeyDerivationCost.salt, .digestSalt)
        // libcryptsetup stores the whole output of the hash.
        _ = try reader.bytes("digest", count: hash.byteCount...hash.byteCount, .digestValue)
        keyslots = try reader.ids("keyslots")
        segments = try reader.ids("segments")
        try reader.finish()
    }
}
