internal import BoundedBytes

/// MSG_TYPE of a guest message. An answer has the number after its request's.
///
/// Source: AMD 56860, "Guest Messages", table of message types.
public enum GuestMessageType: UInt8, CaseIterable, Sendable {
    case cpuidRequest = 1, cpuidResponse
    case keyRequest, keyResponse
    case reportRequest, reportResponse
    case exportRequest, exportResponse
    case importRequest, importResponse
    case absorbRequest, absorbResponse
    case vmrkRequest, vmrkResponse
    case absorbNoMigrationAgentRequest, absorbNoMigrationAgentResponse
    case tscInfoRequest, tscInfoResponse

    /// The answer's type; nil for an answer.
    public var response: GuestMessageType? {
        rawValue.isMultiple(of: 2) ? nil : GuestMessageType(rawValue: rawValue + 1)
    }
}

/// The header of a guest message: 96 bytes before the encrypted payload, little-endian, in the clear.
///
/// The tag and the sequence number are outside what the tag covers; the number is in the IV.
/// Source: AMD 56860, "Guest Messages", table of the message header.
public struct GuestMessageHeader: Equatable, Sendable {
    public static let byteCount = 0x60
    /// A message lies in one page.
    public static let pageByteCount = 4096
    public static let largestPayload = pageByteCount - byteCount
    /// ALGO: AES-256 in Galois/Counter Mode.
    public static let aes256GCM: UInt8 = 1
    static let name = "guest message"

    public var tag = [UInt8](repeating: 0, count: 16)  // 0x00, in a field of 32 bytes
    public var sequenceNumber: UInt64  // 0x20
    public var algorithm: UInt8 = aes256GCM  // 0x30
    public var headerVersion: UInt8 = 1  // 0x31
    public var headerSize = UInt16(byteCount)  // 0x32
    /// As a number, since it may be any.
    public var type: UInt8  // 0x34
    public var messageVersion: UInt8  // 0x35
    /// Of the payload, in bytes: the same before and after encryption.
    public var payloadSize: UInt16  // 0x36
    /// Which of the guest's four keys it is under.
    public var vmpck: UInt8  // 0x3C

    public init(
        sequenceNumber: UInt64, type: GuestMessageType, messageVersion: UInt8, payloadSize: UInt16, vmpck: UInt8
    ) {
        self.sequenceNumber = sequenceNumber
        self.type = type.rawValue
        self.messageVersion = messageVersion
        self.payloadSize = payloadSize
        self.vmpck = vmpck
    }

    /// Reads the first 96 bytes of a page. Values are not judged, but reserved bytes must be zero.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(bytes.span)
        do throws(ByteError) {
            tag = try reader.bytes(16)
            try reader.reserved(16)
            sequenceNumber = try reader.integer()
            try reader.reserved(8)
            algorithm = try reader.integer()
            headerVersion = try reader.integer()
            headerSize = try reader.integer()
            type = try reader.integer()
            messageVersion = try reader.integer()
            payloadSize = try reader.integer()
            try reader.reserved(4)
            vmpck = try reader.integer()
            try reader.reserved(Self.byteCount - reader.offset)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(tag, 16)
        writer.zeros(16)
        writer.littleEndian(sequenceNumber)
        writer.zeros(8)
        writer.append(additionalData)
        return writer.bytes
    }

    /// What the tag covers besides the payload: bytes 0x30 to 0x5F.
    public var additionalData: [UInt8] {
        var writer = ByteWriter()
        writer.append([algorithm, headerVersion])
        writer.littleEndian(headerSize)
        writer.append([type, messageVersion])
        writer.littleEndian(payloadSize)
        writer.zeros(4)
        writer.append([vmpck])
        writer.zeros(35)
        return writer.bytes
    }

    /// The sequence number in 8 bytes, then 4 zeros.
    public var initializationVector: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(sequenceNumber)
        writer.zeros(4)
        return writer.bytes
    }
}
