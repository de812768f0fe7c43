internal import BoundedBytes
internal import Cryptography
public import SNPABI
internal import Secrets

/// One of the four keys between a guest and the AMD-SP, held until it is wiped.
///
/// Source: AMD 56860, "Guest Messages": AES-256-GCM, the sequence number as IV.
final class MessageKey {
    private let secret: SecretBytes
    let vmpck: UInt8

    /// - Parameter bytes: 32 bytes of the secrets page.
    /// - Returns: nil where they are zero: whoever is more privileged has taken the key away.
    init?(_ bytes: [UInt8], vmpck: UInt8) {
        guard bytes.count == AuthenticatedCipher.keyByteCount, bytes.contains(where: { $0 != 0 }) else { return nil }
        secret = SecretBytes(count: bytes.count) { span in
            for index in bytes.indices { span[index] = bytes[index] }
        }
        self.vmpck = vmpck
    }

    /// - Parameter secret: 32 bytes, not all zero.
    init(_ secret: consuming SecretBytes, vmpck: UInt8) {
        self.secret = secret
        self.vmpck = vmpck
    }

    /// The request page: header, ciphertext, zeros.
    func seal(_ message: GuestMessage, sequenceNumber: UInt64) throws(CryptographyError) -> [UInt8] {
        var header = GuestMessageHeader(
            sequenceNumber: sequenceNumber, type: message.type, messageVersion: message.version,
            payloadSize: UInt16(message.payload.count), vmpck: vmpck)
        let sealed = try AuthenticatedCipher.seal(
            message.payload, associated: header.additionalData, vector: header.initializationVector, key: secret)
        header.tag = sealed.tag
        let page = header.encoded() + sealed.encrypted
        return page + [UInt8](repeating: 0, count: GuestMessageHeader.pageByteCount - page.count)
    }

    /// The plain answer to `message`; nil where Linux does not take it. Like Linux it looks at the sequence number, the
    /// type, the version and the size; the rest of the header is the tag's.
    func open(
        _ page: [UInt8], answering message: GuestMessage, sequenceNumber: UInt64
    ) throws(CryptographyError) -> [UInt8]? {
        guard page.count == GuestMessageHeader.pageByteCount else { return nil }
        let (number, size): (UInt64, UInt16)
        do throws(ByteError) {
            var reader = ByteReader(page.span)
            try reader.skip(to: 0x20)
            number = try reader.integer()
            try reader.skip(to: 0x36)
            size = try reader.integer()
        } catch { return nil }
        guard number == sequenceNumber + 1, page[0x34] == message.type.rawValue + 1, page[0x35] == message.version,
            Int(size) <= message.largestAnswer
        else { return nil }
        var vector = ByteWriter()
        vector.littleEndian(number)
        vector.append([0, 0, 0, 0])
        let start = GuestMessageHeader.byteCount
        return try AuthenticatedCipher.open(
            Array(page[start..<start + Int(size)]), tag: Array(page[..<16]), associated: Array(page[0x30..<start]),
            vector: vector.bytes, key: secret)
    }
}

/// A request for the AMD-SP, in plain.
public struct GuestMessage: Equatable, Sendable {
    public var type: GuestMessageType
    public var version: UInt8
    public var payload: [UInt8]
    /// Longest answer that is taken, in bytes; not more than fit into a page.
    public var largestAnswer: Int
    /// Room for the host's certificates in pages of 4096 bytes; nil for a request without.
    public var certificatePages: Int?

    public init(
        _ type: GuestMessageType, version: UInt8, payload: [UInt8], largestAnswer: Int, certificatePages: Int? = nil
    ) {
        self.type = type
        self.version = version
        self.payload = payload
        self.largestAnswer = largestAnswer
        self.certificatePages = certificatePages
    }
}
