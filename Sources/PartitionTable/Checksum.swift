/// CRC-32 with the polynomial 0x04C11DB7, reflected: the checksum of Ethernet, zlib and GPT.
///
/// Source: UEFI specification 2.10, section 5.3.2. It finds accidents and keeps out no one.
enum Checksum {
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes { remainder = table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8) }
        return ~remainder
    }

    private static let table: [UInt32] = (0..<256).map { (index: UInt32) in
        (0..<8).reduce(index) { value, _ in value & 1 == 0 ? value >> 1 : 0xEDB8_8320 ^ (value >> 1) }
    }
}
