/// Why a table could not be read: the caller's input, or what lies there.
public enum PartitionTableFailure<SourceFailure: Error>: Error {
    case source(SourceFailure)
    case table(PartitionTableError)
}

extension PartitionTable {
    /// Reads both copies of the table of an image that is `byteCount` long.
    ///
    /// - Parameter fetch: returns as many bytes of the image as its first argument says, from the offset that is its
    ///   second, or throws where the image ends before.
    public static func read<Failure>(
        byteCount: UInt64, _ fetch: (_ count: UInt64, _ offset: UInt64) throws(Failure) -> [UInt8]
    ) throws(PartitionTableFailure<Failure>) -> PartitionTable {
        func bytes(_ count: UInt64, _ offset: UInt64) throws(PartitionTableFailure<Failure>) -> [UInt8] {
            do throws(Failure) { return try fetch(count, offset) } catch { throw .source(error) }
        }
        func table<Value>(
            _ body: () throws(PartitionTableError) -> Value
        ) throws(PartitionTableFailure<Failure>) -> Value {
            do throws(PartitionTableError) { return try body() } catch { throw .table(error) }
        }
        let head = try bytes(min(8192, byteCount), 0)
        let sectorBytes = try table { () throws(PartitionTableError) -> Int in try Self.sectorBytes(inHead: head) }
        let size = UInt64(sectorBytes)
        func header(
            _ copy: PartitionTableError.Copy, _ offset: UInt64
        ) throws(PartitionTableFailure<Failure>) -> PartitionTableHeader {
            let sector = try bytes(size, offset)
            return try table { () throws(PartitionTableError) -> PartitionTableHeader in
                try PartitionTableHeader(
                    parsing: sector, copy: copy, at: offset / size, sectorCount: byteCount / size)
            }
        }
        let primary = try header(.primary, size)
        let entries = try bytes(UInt64(primary.entriesByteCount), primary.entriesOffset)
        let backup = try header(.backup, primary.alternateOffset)
        let backupEntries = try bytes(UInt64(backup.entriesByteCount), backup.entriesOffset)
        return try table { () throws(PartitionTableError) -> PartitionTable in
            try PartitionTable(primary: primary, entries: entries, backup: backup, backupEntries: backupEntries)
        }
    }
}
