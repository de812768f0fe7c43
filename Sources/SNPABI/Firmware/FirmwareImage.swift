internal import BoundedBytes

/// A file that the host puts into the guest's memory and the first virtual CPU starts in: OVMF, or an SVSM.
public struct FirmwareImage: Equatable, Sendable {
    /// An area of the guest's memory.
    public struct Area: Equatable, Sendable {
        /// Guest physical.
        public let address: UInt32
        public let byteCount: UInt32

        public init(address: UInt32, byteCount: UInt32) {
            self.address = address
            self.byteCount = byteCount
        }
    }

    static let name = "firmware image"

    public let bytes: [UInt8]
    /// Guest physical, of the first byte.
    public let address: UInt64
    public let table: FirmwareTable
    /// nil where the firmware knows no SEV-SNP.
    public let metadata: SEVMetadata?

    public var end: UInt64 { address + UInt64(bytes.count) }

    /// Reads an image that lies in the guest's memory so that it ends at `end`, for flash 4 GiB.
    public init(parsing bytes: [UInt8], endingAt end: UInt64 = 1 << 32) throws(SNPFormatError) {
        guard !bytes.isEmpty, UInt64(bytes.count) <= end else {
            throw SNPFormatError(Self.name, .range(field: "size", UInt64(bytes.count)))
        }
        self.bytes = bytes
        address = end - UInt64(bytes.count)
        table = try FirmwareTable(inImage: bytes)
        let offset = try Self.numbers(1, in: table[FirmwareTable.sevMetadata])
        metadata =
            if let offset { try SEVMetadata(inImage: bytes, offsetFromEnd: offset[0]) } else { nil }
    }

    /// Where virtual CPUs other than the first begin; nil where the firmware knows no SEV-ES.
    public var resetBlock: UInt32? {
        get throws(SNPFormatError) { try Self.numbers(1, in: table[FirmwareTable.resetBlock])?[0] }
    }

    /// Where the SEV hashes table goes; nil where the firmware does not look at one.
    public var hashesTableArea: Area? {
        get throws(SNPFormatError) { try area(FirmwareTable.hashesTableArea) }
    }

    public var launchSecretArea: Area? {
        get throws(SNPFormatError) { try area(FirmwareTable.launchSecretArea) }
    }

    /// Where every virtual CPU begins, guest physical, if this is an SVSM.
    public var svsmEntry: UInt32? {
        get throws(SNPFormatError) {
            guard let offset = try Self.numbers(1, in: table[FirmwareTable.svsmInformation])?[0] else { return nil }
            guard UInt64(offset) < UInt64(bytes.count), end <= 1 << 32 else {
                throw SNPFormatError(Self.name, .range(field: "SVSM entry", UInt64(offset)))
            }
            return UInt32(address) + offset
        }
    }

    private func area(_ identifier: GUID) throws(SNPFormatError) -> Area? {
        guard let numbers = try Self.numbers(2, in: table[identifier]), numbers[0] != 0 else { return nil }
        return Area(address: numbers[0], byteCount: numbers[1])
    }

    /// The u32s that an entry consists of; nil without an entry.
    private static func numbers(_ count: Int, in entry: [UInt8]?) throws(SNPFormatError) -> [UInt32]? {
        guard let entry else { return nil }
        try SNPFormatError.require(FirmwareTable.name + " entry", entry, count: 4 * count)
        var reader = ByteReader(entry.span)
        var numbers: [UInt32] = []
        do throws(ByteError) { for _ in 0..<count { numbers.append(try reader.integer()) } } catch {
            throw SNPFormatError(FirmwareTable.name, .bytes(error))
        }
        return numbers
    }
}
