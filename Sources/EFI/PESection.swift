/// One entry of the section table.
public struct PESection: Equatable, Sendable {
    /// Its place in the table, from 0.
    public let number: Int
    /// Up to eight bytes without the zeros behind them. Untrusted; `/NNN` names of long sections stay as they are.
    public let name: String
    /// Bytes in memory; what the file does not have is zeros there.
    public let virtualByteCount: Int
    public let virtualAddress: UInt32
    /// Where it lies in the file; empty where it has no bytes there.
    public let rawRange: Range<Int>

    /// The bytes of the file that are the section in memory: linkers pad the raw data behind them.
    public var contentRange: Range<Int> {
        let count = virtualByteCount > 0 ? min(virtualByteCount, rawRange.count) : rawRange.count
        return rawRange.lowerBound..<rawRange.lowerBound + count
    }
}
