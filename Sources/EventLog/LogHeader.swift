internal import BoundedBytes
internal import Cryptography

/// The first record of a crypto-agile log: EV_NO_ACTION with TCG_EfiSpecIDEvent.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.5.1.
enum LogHeader {
    static let signature = Array("Spec ID Event03\0".utf8)
    /// More banks than any TPM has: there are ten hash algorithms in the registry.
    private static let mostBanks: UInt32 = 16
    /// Of the registry's algorithms SHA-1 has the shortest digest, and several have the longest. A shorter one would
    /// let a log of many small records take too much memory.
    private static let digestSizes: ClosedRange<UInt16> = 20...64

    /// The banks that `event`, the first of a log, announces; nil where it is no such header.
    static func banks(in event: Event, of bytes: [UInt8]) throws(EventLogError) -> [DigestBank]? {
        guard event.type == .noAction, bytes[event.data].starts(with: signature) else { return nil }
        var reader = ByteReader(bytes.span.extracting(0..<event.data.upperBound))
        // Signature 16, platform class 4, version minor, major, errata and size of a UINTN 1 each.
        _ = try reader.range(event.data.lowerBound + 24)
        let countOffset = reader.offset
        let count: UInt32 = try reader.field()
        guard count > 0, count <= mostBanks else { throw .algorithmCount(count, offset: countOffset) }
        var banks: [DigestBank] = []
        for _ in 0..<count {
            let offset = reader.offset
            let identifier: UInt16 = try reader.field()
            let size: UInt16 = try reader.field()
            guard !banks.contains(where: { $0.identifier == identifier }) else {
                throw .doubledAlgorithm(identifier, offset: offset)
            }
            let bank = DigestBank(identifier: identifier, byteCount: Int(size))
            guard digestSizes.contains(size), bank.byteCount == bank.algorithm?.byteCount ?? bank.byteCount else {
                throw .digestSize(algorithm: identifier, size: size, offset: offset)
            }
            banks.append(bank)
        }
        let vendorSize: UInt8 = try reader.field()
        _ = try reader.range(Int(vendorSize))
        return banks
    }
}
