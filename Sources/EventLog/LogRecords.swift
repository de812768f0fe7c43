internal import BoundedBytes

/// The records of a log, read in file order.
struct LogRecords {
    private(set) var events: [Event] = []
    /// The banks that the header names; nil in a log without one, where each record has a bare SHA-1.
    private(set) var banks: [DigestBank]?
    /// Where the last record ends.
    private(set) var end = 0

    init(_ bytes: [UInt8]) throws(EventLogError) {
        let tail = Self.uniformTail(of: bytes)
        var reader = ByteReader(bytes.span)
        while reader.offset < tail {
            events.append(try Self.record(&reader, index: events.count, banks: banks))
            if events.count == 1 { banks = try LogHeader.banks(in: events[0], of: bytes) }
        }
        end = reader.offset
    }

    /// Where the last run of equal 0x00 or 0xFF bytes begins. Logs are handed on in the buffer that they were
    /// written to, and what is left of it is one or the other.
    private static func uniformTail(of bytes: [UInt8]) -> Int {
        guard let last = bytes.last, last == 0 || last == 0xFF else { return bytes.count }
        var start = bytes.count
        while start > 0, bytes[start - 1] == last { start -= 1 }
        return start
    }

    /// Reads TCG_PCR_EVENT2, or without banks TCG_PCR_EVENT. Source: section 10.2.
    private static func record(
        _ reader: inout ByteReader, index: Int, banks: [DigestBank]?
    ) throws(EventLogError) -> Event {
        let start = reader.offset
        let pcr: UInt32 = try reader.field()
        let type = EventType(rawValue: try reader.field())
        let digests: Range<Int>
        if let banks {
            digests = try self.digests(&reader, banks)
        } else {
            digests = try reader.range(DigestBank.sha1.byteCount)
        }
        let size: UInt32 = try reader.field()
        let data = try reader.range(Int(size))
        guard pcr < 24 || (pcr == Event.unboundPCR && type == .noAction) else { throw .pcrIndex(pcr, offset: start) }
        return Event(
            index: index, offset: start, pcr: pcr, type: type, data: data, digests: digests, hasBareDigest: banks == nil
        )
    }

    /// Reads TPML_DIGEST_VALUES: a count, then so many times an algorithm and its digest, in any order.
    private static func digests(_ reader: inout ByteReader, _ banks: [DigestBank]) throws(EventLogError) -> Range<Int> {
        let countOffset = reader.offset
        let count: UInt32 = try reader.field()
        // Firmware leaves out banks that are switched off. Without this rule a record could be 16 bytes short.
        guard count > 0, Int(count) <= banks.count else { throw .digestCount(count, offset: countOffset) }
        let start = reader.offset
        var seen: [UInt16] = []
        for _ in 0..<count {
            let offset = reader.offset
            let identifier: UInt16 = try reader.field()
            guard !seen.contains(identifier) else { throw .doubledAlgorithm(identifier, offset: offset) }
            guard let bank = banks.first(where: { $0.identifier == identifier }) else {
                throw .unknownAlgorithm(identifier, offset: offset)
            }
            seen.append(identifier)
            _ = try reader.range(bank.byteCount)
        }
        return start..<reader.offset
    }
}

extension ByteReader {
    mutating func field<T: FixedWidthInteger & UnsignedInteger>() throws(EventLogError) -> T {
        do throws(ByteError) { return try integer() } catch { throw .bytes(error) }
    }

    /// Steps over `count` bytes and says where they are.
    mutating func range(_ count: Int) throws(EventLogError) -> Range<Int> {
        let start = offset
        do throws(ByteError) { try skip(count) } catch { throw .bytes(error) }
        return start..<offset
    }
}
