internal import BoundedBytes

/// ID_AUTH: who vouches for an ID block, and perhaps for whoever does; 4096 bytes, little-endian.
///
/// Source: AMD 56860, SNP_LAUNCH_FINISH, table "Structure of the ID Authentication Information Structure".
public struct IDAuthentication: Equatable, Sendable {
    public static let byteCount = 0x1000
    /// ECDSA over P-384 with SHA-384, the one algorithm that there is.
    static let algorithm: UInt32 = 1
    static let name = "ID_AUTH"

    /// The author key, and its signature over the 1028 bytes of the ID key.
    public struct Author: Equatable, Sendable {
        public var key: SigningPublicKey
        public var signature: ReportSignature

        public init(key: SigningPublicKey, signature: ReportSignature) {
            self.key = key
            self.signature = signature
        }
    }

    /// Over the 96 bytes of the ID block.
    public var blockSignature: ReportSignature  // 0x040
    public var idKey: SigningPublicKey  // 0x240
    /// nil where all of its fields are zero.
    public var author: Author?  // 0x680

    public init(idKey: SigningPublicKey, blockSignature: ReportSignature, author: Author? = nil) {
        self.idKey = idKey
        self.blockSignature = blockSignature
        self.author = author
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let (idAlgorithm, authorAlgorithm): (UInt32, UInt32)
        let (idKeyBytes, authorSignature, authorKeyBytes): ([UInt8], ReportSignature, [UInt8])
        do throws(ByteError) {
            idAlgorithm = try reader.integer()
            authorAlgorithm = try reader.integer()
            try reader.reserved(0x040 - reader.offset)
            blockSignature = try ReportSignature(&reader)
            idKeyBytes = try reader.bytes(SigningPublicKey.byteCount)
            try reader.reserved(0x680 - reader.offset)
            authorSignature = try ReportSignature(&reader)
            authorKeyBytes = try reader.bytes(SigningPublicKey.byteCount)
            try reader.reserved(Self.byteCount - reader.offset)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        try Self.require(idAlgorithm, "ID_KEY_ALGO")
        idKey = try SigningPublicKey(parsing: idKeyBytes)
        guard authorSignature != .none || authorKeyBytes.contains(where: { $0 != 0 }) else {
            // Makers of files without an author leave 0 or 1 here.
            if authorAlgorithm != 0 { try Self.require(authorAlgorithm, "AUTH_KEY_ALGO") }
            author = nil
            return
        }
        try Self.require(authorAlgorithm, "AUTH_KEY_ALGO")
        author = Author(key: try SigningPublicKey(parsing: authorKeyBytes), signature: authorSignature)
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(Self.algorithm)
        writer.littleEndian(author == nil ? 0 : Self.algorithm)
        writer.zeros(to: 0x040)
        writer.append(blockSignature.encoded())
        writer.append(idKey.encoded())
        writer.zeros(to: 0x680)
        if let author {
            writer.append(author.signature.encoded())
            writer.append(author.key.encoded())
        }
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }

    private static func require(_ algorithm: UInt32, _ field: String) throws(SNPFormatError) {
        guard algorithm == Self.algorithm else { throw SNPFormatError(name, .value(field: field, UInt64(algorithm))) }
    }
}
