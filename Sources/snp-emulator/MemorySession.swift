internal import BoundedBytes
internal import EncryptedMemory
internal import InitramfsRuntime
internal import JSON

/// Asks a running guest's memory piece by piece, and prints what it learns.
struct MemorySession: ~Copyable {
    private let client: MemoryClient
    private let observer: Observer
    private let isJSON: Bool

    init(_ client: consuming MemoryClient, as observer: Observer, isJSON: Bool) {
        self.client = client
        self.observer = observer
        self.isJSON = isJSON
    }

    func read(_ address: UInt64, count: UInt64) throws(CommandFailure) {
        var digits = ""
        var done: UInt64 = 0
        while done < count {
            let part = min(count - done, UInt64(MemoryRequest.mostBytes))
            let place = address &+ done
            guard case .bytes(let bytes) = try ask(.read, place, count: part), bytes.count == Int(part) else {
                throw Self.unexpected
            }
            if isJSON { digits += Hexadecimal.encode(bytes) } else { dump(bytes, at: place) }
            done += part
        }
        if isJSON {
            Console.print(
                JSONValue.object([
                    JSONMember("address", Self.hexadecimal(address)), JSONMember("bytes", .string(digits)),
                ])
                .compact)
        }
    }

    private func dump(_ bytes: [UInt8], at address: UInt64) {
        for start in stride(from: 0, to: bytes.count, by: 16) {
            let line = bytes[start..<min(start + 16, bytes.count)]
            let text = line.map { (0x20..<0x7F).contains($0) ? $0 : 0x2E }
            let digits = Hexadecimal.encode(line) + String(repeating: " ", count: 32 - 2 * line.count)
            Console.print(
                String(address &+ UInt64(start), radix: 16) + "  " + digits + "  "
                    + String(decoding: text, as: UTF8.self))
        }
    }

    func write(_ address: UInt64, _ bytes: [UInt8]) throws(CommandFailure) {
        for start in stride(from: 0, to: bytes.count, by: MemoryRequest.mostBytes) {
            let part = Array(bytes[start..<min(start + MemoryRequest.mostBytes, bytes.count)])
            guard case .written = try ask(.write, address &+ UInt64(start), count: UInt64(part.count), part) else {
                throw Self.unexpected
            }
        }
        if isJSON { Console.print(JSONValue.object([JSONMember("written", .integer(Int64(bytes.count)))]).compact) }
    }

    func remap(_ address: UInt64, to other: UInt64) throws(CommandFailure) {
        guard case .written = try ask(.remap, address, count: other) else { throw Self.unexpected }
        if isJSON { Console.print(JSONValue.object([JSONMember("remapped", Self.hexadecimal(address))]).compact) }
    }

    func scan(for pattern: [UInt8]) throws(CommandFailure) {
        var (hits, scanned, unreadable) = ([JSONValue](), 0 as UInt64, 0 as UInt64)
        var next: UInt64? = 0
        while let start = next {
            guard case .scan(let result) = try ask(.scan, start, count: 0, pattern),
                result.next.map({ $0.rawValue > start }) ?? true
            else { throw Self.unexpected }
            for hit in result.hits {
                if isJSON {
                    hits.append(Self.hexadecimal(hit.rawValue))
                } else {
                    Console.print(Self.text(hit.rawValue))
                }
            }
            scanned += result.scannedBytes
            unreadable += result.unreadableBytes
            next = result.next?.rawValue
        }
        guard isJSON else {
            return Console.print("\(scanned) bytes looked at, \(unreadable) could not be read")
        }
        Console.print(
            JSONValue.object([
                JSONMember("hits", .array(hits)), JSONMember("scanned", .integer(Int64(clamping: scanned))),
                JSONMember("unreadable", .integer(Int64(clamping: unreadable))),
            ]).compact)
    }

    func map() throws(CommandFailure) {
        var ranges: [JSONValue] = []
        var next: UInt64? = 0
        while let start = next {
            guard case .map(let extents, let following) = try ask(.map, start, count: 0),
                following.map({ $0.rawValue > start }) ?? true
            else { throw Self.unexpected }
            for extent in extents {
                let fields = (Self.text(extent.start.rawValue), Self.text(extent.byteCount), extent.state.text)
                if !isJSON { Console.print(fields.0 + "  " + fields.1 + "  " + fields.2) }
                ranges.append(
                    .object([
                        JSONMember("start", .string(fields.0)), JSONMember("size", .string(fields.1)),
                        JSONMember("state", .string(fields.2)),
                    ]))
            }
            next = following?.rawValue
        }
        if isJSON { Console.print(JSONValue.object([JSONMember("ranges", .array(ranges))]).compact) }
    }

    private func ask(
        _ operation: MemoryRequest.Operation, _ address: UInt64, count: UInt64, _ payload: [UInt8] = []
    ) throws(CommandFailure) -> MemoryResponse {
        do throws(MemoryClient.Failure) {
            return try client.ask(
                MemoryRequest(operation, as: observer, GuestAddress(address), byteCount: count, payload: payload))
        } catch {
            switch error {
            case .connection(let error): throw CommandFailure(error, area: "memory")
            case .refused(let refusal): throw CommandFailure(refusal)
            }
        }
    }

    private static var unexpected: CommandFailure {
        CommandFailure(.malformed, area: "memory", "the emulator's answer is not to what was asked")
    }
    private static func text(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
    private static func hexadecimal(_ number: UInt64) -> JSONValue { .string(text(number)) }
}

extension CommandFailure {
    init(_ refusal: MemoryRefusal) {
        let code: ExitCode =
            switch refusal.kind {
            case .malformed: .malformed
            case .noMemory: .missing
            case .fault, .inputOutput: .inputOutput
            }
        self.init(code, area: "memory", refusal.description)
    }
}
