internal import BoundedBytes

/// What QEMU says to a TPM emulator beside the TPM's own commands. A command is a 32-bit number and its parameters; what
/// both may have is one structure, so QEMU sends as many bytes as the longer of the two needs. All integers are
/// big-endian.
///
/// Source: QEMU 7.2, `backends/tpm/tpm_ioctl.h` and `tpm_emulator.c`.
enum TPMControlCommand: Equatable {
    case capabilities
    case initialize
    case shutDown
    case established
    case setLocality(UInt8)
    case cancel
    case resetEstablished
    case stop
    case setDataDescriptor
    case setBufferSize
    /// Hashing, storing, fetching or replacing the TPM's state, and what is not known.
    case other(UInt32)

    /// - Parameter bytes: one message. QEMU waits for each answer, so what one read gives is one.
    /// - Throws: where the message is too short for its parameters.
    init(parsing bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes.span)
        let number: UInt32 = try reader.bigEndian()
        switch number {
        case 0x01: self = .capabilities
        case 0x02:
            // Flags: whether to delete a state that is saved; there is none.
            try reader.skip(4)
            self = .initialize
        case 0x03: self = .shutDown
        case 0x04: self = .established
        case 0x05: self = .setLocality(try reader.integer())
        case 0x09: self = .cancel
        case 0x0B:
            try reader.skip(1)
            self = .resetEstablished
        case 0x0E: self = .stop
        case 0x10: self = .setDataDescriptor
        case 0x11:
            try reader.skip(4)
            self = .setBufferSize
        default: self = .other(number)
        }
    }

    /// TPM_RESULT, the first field of nearly every answer.
    enum Result: UInt32 {
        case success = 0
        case failure = 9
        case badOrdinal = 10
        case badSize = 25
        case badLocality = 61

        /// An answer that has nothing else.
        var encoded: [UInt8] {
            var writer = ByteWriter()
            writer.bigEndian(rawValue)
            return writer.bytes
        }
    }

    /// CMD_INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY, CANCEL_TPM_CMD, RESET_TPMESTABLISHED, STOP, SET_DATAFD and
    /// SET_BUFFERSIZE, by their bits; in 64 bits, and without a result before them.
    static var capabilityAnswer: [UInt8] {
        var writer = ByteWriter()
        writer.bigEndian([0, 1, 2, 3, 5, 7, 10, 12, 13].reduce(UInt64(0)) { $0 | 1 << $1 })
        return writer.bytes
    }

    /// No locality 4 was ever here: the bit is 0, and padding follows it.
    static var establishedAnswer: [UInt8] { Result.success.encoded + [0, 0, 0, 0] }

    /// The size in use, the smallest and the largest: there is one.
    static func bufferSizeAnswer(_ byteCount: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(Result.success.encoded)
        for _ in 0..<3 { writer.bigEndian(byteCount) }
        return writer.bytes
    }
}
