internal import BoundedBytes
internal import Cryptography
internal import EventLog
internal import Prediction

/// Writes the log of a boot: the template's events, with those of the disk in their places.
struct LogComposer {
    private let template: EventLog
    private let prediction: Prediction
    private let disk: MeasuredDisk
    private var writer = ByteWriter()
    private(set) var extensions: [MeasuredBoot.Extension] = []
    /// The predicted events that are not written yet.
    private var pending: ArraySlice<PredictedEvent>

    var bytes: [UInt8] { writer.bytes }

    init(_ template: EventLog, _ prediction: Prediction, disk: MeasuredDisk) {
        self.template = template
        self.prediction = prediction
        self.disk = disk
        pending = prediction.events[...]
    }

    /// - Parameter first: the template's event of the first program that the firmware starts.
    mutating func compose(around first: Event) throws(MeasuredBootError) {
        guard template.format == .cryptoAgile, template.banks.map(\.algorithm) == prediction.algorithms else {
            throw .log("it has banks that cannot be computed")
        }
        for event in template.events[..<first.index] {
            if event.isExtended, Prediction.pcrs.contains(event.pcr) {
                // An authority of the template's has no counterpart where the disk needs another one, or none.
                guard let next = pending.first, next.pcr == event.pcr, next.type == event.type else { continue }
                write(next)
                pending.removeFirst()
            } else if event.type == .gpt {
                let data = disk.tableEvent
                var digests: [[UInt8]] = []
                do throws(CryptographyError) {
                    for algorithm in prediction.algorithms { digests.append(try algorithm.hash(data)) }
                } catch { throw .prediction(.cryptography(error)) }
                write(event.pcr, event.type, digests, data)
            } else {
                copy(event)
            }
        }
        for event in pending {
            let isFirst = event.type == .bootServicesApplication && event.data == Array(template.data(of: first))
            write(event, data: isFirst ? disk.replacingPartition(in: event.data) : event.data)
        }
        for event in template.events[(first.index + 1)...]
        where event.isExtended && !Prediction.pcrs.contains(event.pcr) {
            copy(event)
        }
    }

    /// A record of the template as it is.
    private mutating func copy(_ event: Event) {
        let end =
            event.index + 1 < template.events.count
            ? template.events[event.index + 1].offset : template.padding.lowerBound
        writer.append(Array(template.bytes[event.offset..<end]))
        guard event.isExtended else { return }
        let digests = template.banks.map { Array(template.digest(of: event, in: $0) ?? []) }
        extensions.append(MeasuredBoot.Extension(pcr: Int(event.pcr), digests: digests))
    }

    private mutating func write(_ event: PredictedEvent, data: [UInt8]? = nil) {
        write(event.pcr, event.type, event.digests, data ?? event.data)
    }

    private mutating func write(_ pcr: UInt32, _ type: EventType, _ digests: [[UInt8]], _ data: [UInt8]) {
        let named = zip(template.banks, digests).map { (bank: $0, bytes: $1) }
        writer.append(EventRecord.bytes(pcr: pcr, type: type, digests: named, data: data))
        extensions.append(MeasuredBoot.Extension(pcr: Int(pcr), digests: digests))
    }
}
