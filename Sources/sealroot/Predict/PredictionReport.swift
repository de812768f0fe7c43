internal import BoundedBytes
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import JSON
internal import Prediction

/// A prediction as lines and as JSON.
struct PredictionReport {
    private let prediction: Prediction
    private let source: PredictionSource
    /// For each bank the PCRs that can be predicted, ascending.
    private let banks: [(algorithm: DigestAlgorithm, pcrs: [(index: UInt32, value: [UInt8])])]

    /// Longest text that is printed, in bytes.
    private static let longest = 4096

    init(_ prediction: Prediction, _ source: PredictionSource) throws(PredictionError) {
        self.prediction = prediction
        self.source = source
        do throws(CryptographyError) {
            var banks: [(DigestAlgorithm, [(UInt32, [UInt8])])] = []
            for algorithm in prediction.algorithms {
                var pcrs: [(UInt32, [UInt8])] = []
                for pcr in Prediction.pcrs {
                    if let value = try prediction.value(of: pcr, algorithm) { pcrs.append((pcr, value)) }
                }
                banks.append((algorithm, pcrs))
            }
            self.banks = banks.map { ($0.0, $0.1.map { ($0.0, $0.1) }) }
        } catch { throw .cryptography(error) }
    }

    /// Prints to standard output; the gaps also to standard error, a line each.
    func print(json: Bool) {
        if json { Console.print(object.compact) } else { lines.forEach(Console.print) }
        for gap in prediction.gaps {
            let pcrs = gap.pcrs.map(String.init).joined(separator: ", ")
            let text = Self.shown(gap.event) + ": " + Self.shown(gap.reason)
            Console.report("sealroot: predict: boot-refused: PCR " + pcrs + " cannot be predicted: " + text)
        }
    }

    private var lines: [String] {
        var lines = ["from " + source.name + (source.firmware.map { ": " + $0 } ?? "")]
        if !prediction.entry.isEmpty {
            lines.append("menu entry " + prediction.entry.map { Self.shown($0) }.joined(separator: " > "))
        }
        let shownBank = prediction.algorithms.firstIndex(of: .sha256) ?? 0
        for event in prediction.events {
            let digest = Hexadecimal.encode(event.digests[shownBank])
            let words = ["PCR " + String(event.pcr), digest, "[" + Self.shown(event.reason.description) + "]"]
            lines.append((words + [Self.shown(event.text)]).joined(separator: " "))
        }
        for bank in banks {
            for pcr in bank.pcrs {
                lines.append(bank.algorithm.rawValue + ":" + String(pcr.index) + " " + Hexadecimal.encode(pcr.value))
            }
        }
        return lines
    }

    private static func shown(_ text: String) -> String {
        Printable.escape(text, limit: longest, keepingBackslashes: true)
    }

    private var object: JSONValue {
        .object([
            JSONMember("complete", .bool(prediction.isComplete)), JSONMember("source", .string(source.name)),
            JSONMember("firmware", source.firmware.map { .string($0) } ?? .null),
            JSONMember("entry", .array(prediction.entry.map { .string($0) })),
            JSONMember(
                "pcrs",
                .object(
                    banks.map { bank in
                        let values = bank.pcrs.map {
                            JSONMember(String($0.index), .string(Hexadecimal.encode($0.value)))
                        }
                        return JSONMember(bank.algorithm.rawValue, .object(values))
                    })),
            JSONMember("events", .array(prediction.events.map(json))),
            JSONMember("gaps", .array(prediction.gaps.map(json))),
        ])
    }

    private func json(_ event: PredictedEvent) -> JSONValue {
        let digests = zip(prediction.algorithms, event.digests).map {
            JSONMember($0.rawValue, .string(Hexadecimal.encode($1)))
        }
        return .object([
            JSONMember("pcr", .integer(Int64(event.pcr))), JSONMember("type", .string(event.type.description)),
            JSONMember("digests", .object(digests)), JSONMember("reason", .string(event.reason.description)),
            JSONMember("text", .string(event.text)),
        ])
    }

    private func json(_ gap: PredictionGap) -> JSONValue {
        .object([
            JSONMember("pcrs", .array(gap.pcrs.map { .integer(Int64($0)) })),
            JSONMember("event", .string(gap.event)), JSONMember("reason", .string(gap.reason)),
        ])
    }
}
