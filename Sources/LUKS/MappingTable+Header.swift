public import InitramfsRuntime
public import LUKSHeader

extension MappingTable {
    /// What the kernel's table must say for a volume with this header. Source: architecture, section 4.2.
    ///
    /// - Parameters:
    ///   - path: of the block device below.
    ///   - sectors: of a mapping that does not reach to the end of the partition; nil for one that does.
    /// - Throws: where the device cannot be opened.
    public init(expectedFor header: LUKSHeader, at path: String, sectors: UInt64? = nil) throws(FileError) {
        let device = try FileDescriptor.open(readingAt: path)
        let extent = header.segment.extent
        self.init(
            cipher: Segment.encryption, keyByteCount: Segment.keyByteCount, ivOffset: 0,
            device: try device.deviceNumber, offset: extent.offset / 512, sectors: sectors ?? extent.byteCount / 512,
            sectorByteCount: header.segment.sectorByteCount)
    }
}
