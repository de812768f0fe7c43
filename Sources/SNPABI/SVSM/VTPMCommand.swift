internal import BoundedBytes

/// What the guest writes into the buffer of SVSM_VTPM_CMD: a TPM command in an envelope of 9 bytes, little-endian.
///
/// Source: AMD 58019, "vTPM Protocol", SVSM_VTPM_CMD; the platform command as in the TPM 2.0 reference simulator.
public struct VTPMCommand: Equatable, Sendable {
    /// The buffer is a page.
    public static let bufferByteCount = 4096
    /// TPM_SEND_COMMAND: a bit of the answer to SVSM_VTPM_QUERY, and the first field here.
    public static let sendCommand: UInt32 = 8
    public static let largestCommand = bufferByteCount - envelopeByteCount
    public static let largestResponse = bufferByteCount - 4
    static let name = "vTPM command"
    private static let envelopeByteCount = 9

    /// The command with its TPM header.
    public var command: [UInt8]  // 0x09, its size at 0x05

    public init(_ command: [UInt8]) throws(SNPFormatError) {
        guard command.count <= Self.largestCommand else {
            throw SNPFormatError(Self.name, .value(field: "size", UInt64(command.count)))
        }
        self.command = command
    }

    /// Reads a buffer, at most a page. The size must be the one in the header of the TPM command, and the locality 0.
    public init(parsing buffer: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(buffer.span)
        let (platformCommand, locality, size): (UInt32, UInt8, UInt32)
        do throws(ByteError) {
            platformCommand = try reader.integer()
            locality = try reader.integer()
            size = try reader.integer()
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard platformCommand == Self.sendCommand else {
            throw SNPFormatError(Self.name, .value(field: "platform command", UInt64(platformCommand)))
        }
        guard locality == 0 else { throw SNPFormatError(Self.name, .value(field: "locality", UInt64(locality))) }
        guard size >= 10, size <= UInt32(Self.largestCommand) else {
            throw SNPFormatError(Self.name, .value(field: "size", UInt64(size)))
        }
        let inner: UInt32
        do throws(ByteError) {
            command = try reader.bytes(Int(size))
            var header = ByteReader(command.span)
            try header.skip(2)
            inner = try header.bigEndian()
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard inner == size else { throw SNPFormatError(Self.name, .value(field: "commandSize", UInt64(inner))) }
    }

    /// The used part of the buffer.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(Self.sendCommand)
        writer.append([0])
        writer.littleEndian(UInt32(command.count))
        writer.append(command)
        return writer.bytes
    }
}

/// What the SVSM writes over it: the size of the TPM's response, 4 bytes, and the response.
public struct VTPMResponse: Equatable, Sendable {
    static let name = "vTPM response"

    public var response: [UInt8]

    public init(_ response: [UInt8]) throws(SNPFormatError) {
        guard response.count <= VTPMCommand.largestResponse else {
            throw SNPFormatError(Self.name, .value(field: "size", UInt64(response.count)))
        }
        self.response = response
    }

    public init(parsing buffer: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(buffer.span)
        do throws(ByteError) {
            let size: UInt32 = try reader.integer()
            response = try reader.bytes(Int(size))
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(UInt32(response.count))
        writer.append(response)
        return writer.bytes
    }
}
