internal import BoundedBytes
internal import SNPABI

extension SecureProcessor {
    /// Before the first entry of a table.
    private static let headByteCount = 16
    private static let entryByteCount = 48

    /// MSG_CPUID_REQ: a table as in a CPUID page, without what lies behind its last entry. The answer is STATUS, COUNT, 8
    /// zeros, and the table as the firmware would have it; STATUS is INVALID_PARAM where that is another one.
    ///
    /// Source: AMD 56860, "CPUID Reporting".
    func answerCPUID(_ payload: [UInt8]) -> [UInt8] {
        let padding = [UInt8](repeating: 0, count: max(0, CPUIDPage.byteCount - payload.count))
        do throws(SNPFormatError) {
            let asked = try CPUIDPage(parsing: payload + padding)
            guard payload.count == Self.headByteCount + asked.entries.count * Self.entryByteCount else {
                return Self.cpuidAnswer(.invalidParameter, [], count: 0)
            }
            let corrected = try asked.corrected()
            let count = corrected.entries.count
            let entries = corrected.encoded()[Self.headByteCount..<Self.headByteCount + count * Self.entryByteCount]
            return Self.cpuidAnswer(corrected == asked ? .success : .invalidParameter, Array(entries), count: count)
        } catch { return Self.cpuidAnswer(.invalidParameter, [], count: 0) }
    }

    private static func cpuidAnswer(_ status: FirmwareStatus, _ entries: [UInt8], count: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(status.rawValue)
        writer.littleEndian(UInt32(count))
        writer.append([UInt8](repeating: 0, count: headByteCount - writer.bytes.count))
        return writer.bytes + entries
    }
}
