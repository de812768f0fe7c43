public import BoundedBytes

/// Where OVMF tells the kernel to find the secrets page and the CPUID page: 40 bytes behind an EFI configuration table.
///
/// Source: Linux `arch/x86/include/asm/sev.h`, `struct cc_blob_sev_info`; edk2 `CONFIDENTIAL_COMPUTING_SNP_BLOB_LOCATION`.
public struct ConfidentialComputingBlob: Equatable, Sendable {
    public static let byteCount = 40
    /// Of the configuration table.
    public static let identifier = GUID(0x067b_1f5f, 0xcf26, 0x44c5, 0x8554, 0x93d7_7791_2d42)
    /// "AMDE".
    static let magic: UInt32 = 0x4544_4D41
    static let name = "CC blob"

    public var version: UInt16 = 0  // 0x04
    /// Guest physical.
    public var secretsAddress: UInt64  // 0x08
    /// In bytes.
    public var secretsByteCount: UInt32  // 0x10
    public var cpuidAddress: UInt64  // 0x18
    public var cpuidByteCount: UInt32  // 0x20

    public init(secretsAddress: UInt64, cpuidAddress: UInt64) {
        self.secretsAddress = secretsAddress
        secretsByteCount = UInt32(SecretsPage.byteCount)
        self.cpuidAddress = cpuidAddress
        cpuidByteCount = UInt32(CPUIDPage.byteCount)
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let magic: UInt32
        do throws(ByteError) {
            magic = try reader.integer()
            version = try reader.integer()
            try reader.reserved(2)
            secretsAddress = try reader.integer()
            secretsByteCount = try reader.integer()
            try reader.reserved(4)
            cpuidAddress = try reader.integer()
            cpuidByteCount = try reader.integer()
            try reader.reserved(4)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard magic == Self.magic else { throw SNPFormatError(Self.name, .missing("magic")) }
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(Self.magic)
        writer.littleEndian(version)
        writer.zeros(2)
        writer.littleEndian(secretsAddress)
        writer.littleEndian(secretsByteCount)
        writer.zeros(4)
        writer.littleEndian(cpuidAddress)
        writer.littleEndian(cpuidByteCount)
        writer.zeros(4)
        return writer.bytes
    }
}
