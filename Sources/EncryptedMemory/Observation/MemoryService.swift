/// Answers questions about one guest's memory. Pure: whoever has the socket moves the bytes.
public struct MemoryService<Memory: ObservedMemory> {
    private let memory: Memory
    /// Bytes that one answer to a scan looks at, at most: nobody waits long for another's scan.
    private let scanLimit: UInt64

    public init(_ memory: Memory, scanLimit: UInt64 = 1 << 28) {
        self.memory = memory
        self.scanLimit = scanLimit
    }

    /// The answer's bytes, also where the request's are nonsense.
    public func answer(_ bytes: [UInt8]) -> [UInt8] {
        do throws(MemoryRefusal) {
            let request = try MemoryRequest(parsing: bytes)
            do throws(ObservationError) { return try answer(request).encoded } catch { throw MemoryRefusal(error) }
        } catch { return MemoryResponse.refused(error).encoded }
    }

    private func answer(_ request: MemoryRequest) throws(ObservationError) -> MemoryResponse {
        switch request.operation {
        case .read:
            var bytes = [UInt8](repeating: 0, count: Int(request.byteCount))
            var span = bytes.mutableSpan
            try memory.read(request.address, into: &span, as: request.observer)
            return .bytes(bytes)
        case .write:
            try memory.write(request.address, request.payload, as: request.observer)
            return .written
        case .remap:
            try memory.remap(request.address, to: GuestAddress(request.byteCount))
            return .written
        case .map: return map(from: request.address)
        case .scan:
            var scan = MemoryScan(memory, for: request.payload, as: request.observer)
            let (end, isTooLarge) = request.address.rawValue.addingReportingOverflow(request.byteCount)
            let limit = isTooLarge || request.byteCount == 0 ? UInt64.max : end
            return .scan(scan.run(from: request.address, to: limit, atMost: scanLimit))
        }
    }

    private func map(from address: GuestAddress) -> MemoryResponse {
        var extents: [MemoryExtent] = []
        var start = address
        while let extent = memory.extent(from: start) {
            if extents.count == MemoryResponse.mostItems { return .map(extents, next: extent.start) }
            extents.append(extent)
            start = GuestAddress(extent.end)
        }
        return .map(extents, next: nil)
    }
}
