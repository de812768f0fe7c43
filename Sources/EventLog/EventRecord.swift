internal import BoundedBytes

/// One record of a crypto-agile log, to be written.
public enum EventRecord {
    /// TCG_PCR_EVENT2. Source: TCG PC Client Platform Firmware Profile 1.06, section 10.2.2. Integers are little-endian.
    ///
    /// - Parameter digests: one a bank, each of the bank's length.
    public static func bytes(
        pcr: UInt32, type: EventType, digests: [(bank: DigestBank, bytes: [UInt8])], data: [UInt8]
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(pcr)
        writer.littleEndian(type.rawValue)
        writer.littleEndian(UInt32(digests.count))
        for (bank, digest) in digests {
            writer.littleEndian(bank.identifier)
            writer.append(digest)
        }
        writer.littleEndian(UInt32(data.count))
        writer.append(data)
        return writer.bytes
    }
}
