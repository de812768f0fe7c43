/// One line of the kernel's device-mapper table, as far as dm-crypt is concerned.
///
/// Source: Linux, Documentation/admin-guide/device-mapper/dm-crypt.rst. Offsets and lengths are in sectors
/// of 512 bytes. The key itself is never kept: only its length.
public struct MappingTable: Equatable, Sendable {
    /// For example `aes-xts-plain64`.
    public let cipher: String
    /// Length of the volume key, in bytes.
    public let keyByteCount: Int
    /// What is added to the sector number for the initialisation vector.
    public let ivOffset: UInt64
    /// `major:minor` of the device below.
    public let device: String
    /// Where the data starts on that device.
    public let offset: UInt64
    /// Length of the mapping.
    public let sectors: UInt64
    /// Size of an encryption sector, in bytes.
    public let sectorByteCount: Int
    /// Optional arguments other than the sector size, in the kernel's order.
    public let options: [String]

    public init(
        cipher: String, keyByteCount: Int, ivOffset: UInt64, device: String, offset: UInt64, sectors: UInt64,
        sectorByteCount: Int, options: [String] = []
    ) {
        self.cipher = cipher
        self.keyByteCount = keyByteCount
        self.ivOffset = ivOffset
        self.device = device
        self.offset = offset
        self.sectors = sectors
        self.sectorByteCount = sectorByteCount
        self.options = options
    }

    /// Reads the parameters of a `crypt` target; nil where they have another shape.
    ///
    /// - Parameter words: `<cipher> <key> <iv_offset> <device> <offset> [<count> <option>…]`.
    init?(words: [String], sectors: UInt64) {
        guard words.count >= 5, let ivOffset = UInt64(words[2]), let offset = UInt64(words[4]),
            let keyByteCount = Self.keyByteCount(words[1])
        else { return nil }
        var sectorByteCount = 512
        var options: [String] = []
        if words.count > 5 {
            guard let count = Int(words[5]), count == words.count - 6 else { return nil }
            for word in words[6...] {
                let prefix = "sector_size:"
                if word.hasPrefix(prefix) {
                    guard let size = Int(word.dropFirst(prefix.count)) else { return nil }
                    sectorByteCount = size
                } else {
                    options.append(String(word))
                }
            }
        }
        self.init(
            cipher: String(words[0]), keyByteCount: keyByteCount, ivOffset: ivOffset, device: String(words[3]),
            offset: offset, sectors: sectors, sectorByteCount: sectorByteCount, options: options)
    }

    /// `:<bytes>:<type>:<description>` for a key in the keyring, otherwise two digits a byte, or `-` for none.
    private static func keyByteCount(_ word: String) -> Int? {
        guard word.utf8.first == 0x3A else { return word.utf8.count / 2 }
        return word.dropFirst().split(separator: ":").first.flatMap { Int($0) }
    }

    /// Options that change speed or pass discards on, and neither key nor layout.
    private static let harmlessOptions = [
        "allow_discards", "same_cpu_crypt", "submit_from_crypt_cpus", "no_read_workqueue", "no_write_workqueue",
    ]

    /// The first thing in which this table is not what the header says, in words; nil where all agrees.
    public func firstDifference(from expected: MappingTable) -> String? {
        if cipher != expected.cipher { return "cipher is " + cipher + ", not " + expected.cipher }
        if keyByteCount != expected.keyByteCount { return "key has " + String(keyByteCount) + " bytes" }
        if ivOffset != expected.ivOffset { return "IV offset is " + String(ivOffset) }
        if device != expected.device { return "device is " + device + ", not " + expected.device }
        if offset != expected.offset { return "offset is " + String(offset) + " sectors" }
        if sectors != expected.sectors { return "length is " + String(sectors) + " sectors" }
        if sectorByteCount != expected.sectorByteCount { return "sector size is " + String(sectorByteCount) }
        return options.first { !Self.harmlessOptions.contains($0) }.map { "option " + $0 }
    }
}
