/// The pages that the host hands out with an extended report.
public enum HostCertificates {
    /// As much of the host's pages as its table of certificates says that it has.
    public static func table(in bytes: [UInt8]) -> [UInt8] {
        var size: UInt32 = 0
        for start in stride(from: 0, through: bytes.count - 24, by: 24) {
            let entry = bytes[start..<start + 24]
            guard entry.contains(where: { $0 != 0 }) else { break }
            let word = { (offset: Int) in
                entry[(start + offset)..<(start + offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
            }
            // In 32 bits, as Linux adds them.
            size = max(size, word(16) &+ word(20))
        }
        return Array(bytes.prefix(Int(size)))
    }
}
