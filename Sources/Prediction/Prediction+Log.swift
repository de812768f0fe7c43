public import EventLog

extension Prediction {
    /// The log of the next boot with the events that are predicted, and no others: it is for whoever judges those.
    ///
    /// - Parameter last: the log that the prediction went on from, whose header it has.
    /// - Returns: nil where `last` has another format, or a bank that the prediction has no digests for.
    public func log(after last: EventLog) throws(PredictionError) -> EventLog? {
        guard last.format == .cryptoAgile, last.banks.map(\.algorithm) == algorithms, last.events.count > 1 else {
            return nil
        }
        var bytes = Array(last.bytes[..<last.events[1].offset])
        for event in events {
            let digests = zip(last.banks, event.digests).map { (bank: $0, bytes: $1) }
            bytes += EventRecord.bytes(pcr: event.pcr, type: event.type, digests: digests, data: event.data)
        }
        do throws(EventLogError) { return try EventLog(parsing: bytes) } catch {
            throw .log("the next boot's cannot be written: \(error)")
        }
    }
}
