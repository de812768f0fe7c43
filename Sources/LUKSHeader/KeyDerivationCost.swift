public import Cryptography
internal import JSON

/// What it costs to derive a keyslot's key from a passphrase.
///
/// The lower bounds are libcryptsetup's. The upper ones keep a header from the host from binding the guest for
/// hours or eating its memory: they are above what `cryptsetup` measures on any machine in its default two seconds.
public enum KeyDerivationCost: Equatable, Sendable {
    case pbkdf2(DigestAlgorithm, iterations: Int)
    /// `memory` in KiB.
    case argon2(Argon2, passes: Int, memory: Int, lanes: Int)

    public enum Argon2: String, Sendable {
        case i = "argon2i"
        case id = "argon2id"
    }

    static let iterations = 1000...100_000_000
    static let passes = 4...1000
    static let memory = 32...(4 << 20)
    static let lanes = 1...4
    static let salt = 16...64

    init(_ reader: consuming MetadataReader) throws(HeaderError) {
        var reader = reader
        let type = try reader.string("type")
        if type == "pbkdf2" {
            let hash = try reader.hash("hash", .keyslotKDFHash)
            self = .pbkdf2(hash, iterations: try reader.integer("iterations", in: Self.iterations, .keyslotKDFCost))
        } else if let variant = Argon2(rawValue: type) {
            self = .argon2(
                variant,
                passes: try reader.integer("time", in: Self.passes, .keyslotKDFCost),
                memory: try reader.integer("memory", in: Self.memory, .keyslotKDFCost),
                lanes: try reader.integer("cpus", in: Self.lanes, .keyslotKDFCost))
        } else {
            throw .refused(.keyslotKDF, object: reader.path(of: "type"), found: type)
        }
        _ = try reader.bytes("salt", count: Self.salt, .keyslotKDFSalt)
        try reader.finish()
    }
}
