internal import EncryptedMemory
internal import InitramfsRuntime

/// The encrypted memory and the reverse map.
enum MemoryBench {
    /// A guest reads private memory: what fits the processor's caches, as `openssl speed` uses them, and what does not.
    static func view() throws(CommandFailure) -> [Measurement] {
        let byteCount: UInt64 = 256 << 20
        let memory = try modelled { () throws(MemoryModelError) in
            try SystemMemory(protection: .sevSNP, byteCount: byteCount)
        }
        let guest = try modelled { () throws(MemoryModelError) in
            try memory.createGuest(asid: ASID(1), byteCount: byteCount)
        }
        try populate(guest, memory, byteCount, .large)
        let page = [UInt8](repeating: 0x5A, count: 1 << 20)
        for start in stride(from: 0, to: byteCount, by: page.count) {
            try running { () throws(GuestFault) in try guest.write(GuestAddress(start), page) }
        }
        let limit = try OpenSSLSpeed.rate("-bytes 16384 -evp aes-128-xts", prefix: "+F:", field: 3)
        var measurements: [Measurement] = []
        for (name, count) in [("256 KiB again and again", 256 << 10), ("256 MiB", Int(byteCount))] {
            var buffer = [UInt8](repeating: 0, count: count)
            let source = [UInt8](repeating: 1, count: count)
            let rate = try Measurement.rate(count) { () throws(CommandFailure) in
                var span = buffer.mutableSpan
                try running { () throws(GuestFault) in try guest.read(GuestAddress(0), into: &span) }
            }
            let copy = Measurement.rate(count) {
                unsafe buffer.withUnsafeMutableBufferPointer { _ = unsafe $0.update(fromContentsOf: source) }
            }
            measurements += [("openssl speed -evp aes-128-xts", limit), ("memcpy", copy)].map {
                Measurement(name: "memory view, " + name, value: rate, unit: "bytes/s", limit: $0)
            }
        }
        return measurements
    }

    /// Checks of random accesses, and what the map takes, for guests of small pages, of large ones, and one that has
    /// touched one page of each GiB only.
    static func reverseMap() throws(CommandFailure) -> [Measurement] {
        var measurements: [Measurement] = []
        for (name, gibibytes, size, step) in [
            ("1 GiB of small pages", 1, PageSize.small, PageSize.small.byteCount),
            ("64 GiB of large pages", 64, .large, PageSize.large.byteCount),
            ("sparse 1 TiB", 1024, .small, 1 << 30),
        ] as [(String, UInt64, PageSize, UInt64)] {
            let memory = try modelled { () throws(MemoryModelError) in
                try SystemMemory(protection: .sevSNP, byteCount: gibibytes << 30)
            }
            let guest = try modelled { () throws(MemoryModelError) in
                try memory.createGuest(asid: ASID(1), byteCount: gibibytes << 30)
            }
            try populate(guest, memory, gibibytes << 30, size, step: step)
            var state: UInt64 = 1
            let pageCount = (gibibytes << 30) / step
            let checks = 1 << 16
            let rate = try Measurement.rate(checks) { () throws(CommandFailure) in
                for _ in 0..<checks {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let address = GuestAddress((state >> 33) % pageCount * step)
                    try running { () throws(GuestFault) in try guest.check(address, .private, .write) }
                }
            }
            // The walk reads one word of the nested table and one of the map; a table of as many words is the limit.
            let table = [UInt64](repeating: 1, count: Int(pageCount))
            var sum: UInt64 = 0
            let limit = Measurement.rate(checks) {
                for _ in 0..<checks {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    sum &+= table[Int((state >> 33) % pageCount)]
                }
            }
            guard sum > 0 else { throw CommandFailure(.internalFault, area: "bench", "the limit was not measured") }
            measurements.append(
                Measurement(
                    name: "RMP checks, " + name, value: rate, unit: "checks/s",
                    limit: ("random reads of an array", limit)))
            measurements.append(
                Measurement(
                    name: "RMP memory, " + name, value: Int64(memory.reverseMap.residentBytes / gibibytes),
                    unit: "bytes a guest GiB", limit: ("16 bytes a small page", 16 << 18)))
        }
        return measurements
    }

    /// Private and accepted memory at the same addresses in the guest and in DRAM.
    private static func populate(
        _ guest: Guest, _ memory: SystemMemory, _ byteCount: UInt64, _ size: PageSize, step: UInt64? = nil
    ) throws(CommandFailure) {
        for start in stride(from: 0, to: byteCount, by: Int(step ?? size.byteCount)) {
            let address = GuestAddress(start)
            guest.pages.map(address, to: SystemAddress(start), size: size)
            let update = RMPUpdate(guestAddress: address, asid: guest.asid, pageSize: size)
            guard memory.reverseMap.update(SystemAddress(start), update) == .success else {
                throw CommandFailure(.internalFault, area: "bench", "RMPUPDATE failed")
            }
            try running { () throws(GuestFault) in _ = try guest.validate(address, size) }
        }
    }

    private static func modelled<Value: ~Copyable>(
        _ body: () throws(MemoryModelError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(MemoryModelError) { return try body() } catch {
            throw CommandFailure(.unavailable, area: "bench", error.description)
        }
    }

    private static func running(_ body: () throws(GuestFault) -> Void) throws(CommandFailure) {
        do throws(GuestFault) { try body() } catch {
            throw CommandFailure(.internalFault, area: "bench", error.description)
        }
    }
}
