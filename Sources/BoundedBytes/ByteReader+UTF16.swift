extension ByteReader {
    /// Reads so many little-endian UTF-16 units.
    public mutating func units(_ count: Int) throws(ByteError) -> [UInt16] {
        guard count <= remaining / 2 else { throw .truncated(offset: offset, needed: count, available: remaining) }
        var units: [UInt16] = []
        units.reserveCapacity(count)
        for _ in 0..<count { units.append(try integer()) }
        return units
    }

    /// Reads little-endian UTF-16 units up to a zero one, which is read and not returned.
    public mutating func terminatedUnits() throws(ByteError) -> [UInt16] {
        var units: [UInt16] = []
        while true {
            let unit: UInt16 = try integer()
            if unit == 0 { return units }
            units.append(unit)
        }
    }
}
