internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
public import Secrets

/// An open mapping whose partition has grown.
public struct MappingGrowth: Sendable {
    /// The block device with the LUKS2 header.
    public let device: String
    /// Its name under `/dev/mapper`.
    public let mapping: String

    public init(device: String, mapping: String) {
        self.device = device
        self.mapping = mapping
    }

    /// In bytes.
    public struct Result: Equatable, Sendable {
        public let before: UInt64
        public let after: UInt64
    }

    /// Whether the mapping ends before the partition does.
    public func isNeeded() throws(EnrollmentError) -> Bool {
        let header = try VolumeHeader.read(device)
        return try live().sectors < header.segment.extent.byteCount / 512
    }

    /// Lets the mapping reach to the end of the partition.
    ///
    /// The header is read once, checked, and used from memory: the kernel's table comes from it. Before and after, that
    /// table must be what the header says.
    /// - Parameter passphrase: opens any keyslot of the volume.
    public func grow(passphrase: borrowing SecretBytes) throws(EnrollmentError) -> Result {
        let image = try VolumeHeader.copy(of: device)
        let before = try live()
        try require(before, image.header, sectors: before.sectors)
        let sectors = image.header.segment.extent.byteCount / 512
        let volume = try luks { () throws(LUKSError) in try LUKSVolume.open(headerAt: image.path, dataAt: device) }
        let key = try VolumeHeader.volumeKey(of: volume, passphrase)
        try luks { () throws(LUKSError) in try volume.grow(mapping, volumeKey: key) }
        try require(live(), image.header, sectors: sectors)
        return Result(before: before.sectors * 512, after: sectors * 512)
    }

    private func live() throws(EnrollmentError) -> MappingTable {
        try luks { () throws(LUKSError) in try LiveMapping.table(of: mapping) }
    }

    private func require(
        _ table: MappingTable, _ header: LUKSHeader, sectors: UInt64
    ) throws(EnrollmentError) {
        let expected = try rethrow(as: EnrollmentError.file) { () throws(FileError) in
            try MappingTable(expectedFor: header, at: device, sectors: sectors)
        }
        if let difference = table.firstDifference(from: expected) { throw .mapping(difference) }
    }
}
