internal import CLinux

/// Looks for a byte string in a guest's memory, across pages, as one observer sees it.
struct MemoryScan<Memory: ObservedMemory> {
    private let memory: Memory
    private let pattern: [UInt8]
    private let observer: Observer
    /// What is in memory at a time: what was left of the block before, in which a hit may begin, then the new block.
    private var window: [UInt8]
    private var kept = 0
    private var result = ScanResult()

    private static var blockByteCount: Int { 1 << 20 }

    init(_ memory: Memory, for pattern: [UInt8], as observer: Observer) {
        self.memory = memory
        self.pattern = pattern
        self.observer = observer
        window = [UInt8](repeating: 0, count: pattern.count - 1 + Self.blockByteCount)
    }

    /// Scans up to `limit`, in which all of a hit must lie, but not much more than so many bytes, nor on where the answer
    /// is full.
    mutating func run(from address: GuestAddress, to limit: UInt64, atMost most: UInt64) -> ScanResult {
        var position = address.rawValue
        while position < limit, let extent = memory.extent(from: GuestAddress(position)), extent.start.rawValue < limit
        {
            // A gap in memory ends whatever began before it.
            if extent.start.rawValue > position {
                kept = 0
                position = extent.start.rawValue
            }
            let end = min(extent.end, limit)
            while position < end {
                // What may be the beginning of a hit comes again, so it must not be all that was looked at.
                let next = position - UInt64(kept)
                if result.scannedBytes + result.unreadableBytes >= most, next > address.rawValue {
                    result.next = GuestAddress(next)
                    result.scannedBytes -= UInt64(kept)
                    return result
                }
                let count = min(Self.blockByteCount, Int(end - position))
                scanBlock(position, count)
                if let last = result.hits.last, isFull {
                    result.next = last.advanced(by: 1)
                    return result
                }
                position += UInt64(count)
            }
        }
        return result
    }

    private var isFull: Bool { result.hits.count == MemoryResponse.mostItems }

    private mutating func scanBlock(_ position: UInt64, _ count: Int) {
        if load(position, count, at: kept) {
            result.scannedBytes += UInt64(count)
            search(kept + count, startingAt: position - UInt64(kept))
            return
        }
        // Some page of it cannot be read: page by page.
        var offset = 0
        while offset < count, !isFull {
            let length = min(4096 - Int((position + UInt64(offset)) % 4096), count - offset)
            if load(position + UInt64(offset), length, at: kept) {
                result.scannedBytes += UInt64(length)
                search(kept + length, startingAt: position + UInt64(offset) - UInt64(kept))
            } else {
                result.unreadableBytes += UInt64(length)
                kept = 0
            }
            offset += length
        }
    }

    private mutating func load(_ address: UInt64, _ count: Int, at start: Int) -> Bool {
        let (memory, observer) = (memory, observer)
        var span = window.mutableSpan
        do throws(ObservationError) {
            try span.withPart(start..<start + count) { (part) throws(ObservationError) in
                try memory.read(GuestAddress(address), into: &part, as: observer)
            }
            return true
        } catch { return false }
    }

    /// Finds the hits in the window's first `count` bytes, and keeps its end for the next block.
    private mutating func search(_ count: Int, startingAt address: UInt64) {
        let room = MemoryResponse.mostItems - result.hits.count
        result.hits += unsafe window.withUnsafeBytes { window in
            unsafe pattern.withUnsafeBytes { pattern in
                var hits: [GuestAddress] = []
                guard let base = window.baseAddress, let wanted = pattern.baseAddress else { return hits }
                var offset = 0
                while hits.count < room, let hit = unsafe memmem(base + offset, count - offset, wanted, pattern.count) {
                    let place = unsafe UnsafeRawPointer(hit) - base
                    hits.append(GuestAddress(address + UInt64(place)))
                    offset = place + 1
                }
                return hits
            }
        }
        let rest = min(pattern.count - 1, count)
        for index in 0..<rest { window[index] = window[count - rest + index] }
        kept = rest
    }
}
