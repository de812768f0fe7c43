internal import BoundedBytes

/// ATTESTATION_REPORT in versions 2, 3 and 5: 1184 bytes, little-endian. What it says is not yet verified.
///
/// Source: AMD 56860, "Attestation Report", table ATTESTATION_REPORT; versions as real reports have them.
public struct AttestationReport: Equatable, Sendable {
    public static let byteCount = 0x4A0
    /// The bytes that the signature covers: all before it.
    public static let signedByteCount = 0x2A0
    /// VMPL of a report that the host asked for.
    public static let hostVMPL: UInt32 = 0xFFFF_FFFF
    static let name = "ATTESTATION_REPORT"

    public var version: UInt32  // 0x000
    public var guestSVN: UInt32 = 0  // 0x004
    public var policy: GuestPolicy  // 0x008
    public var familyID = [UInt8](repeating: 0, count: 16)  // 0x010
    public var imageID = [UInt8](repeating: 0, count: 16)  // 0x020
    public var vmpl: UInt32 = 0  // 0x030
    public var signatureAlgorithm: UInt32 = ReportSignature.ecdsaP384SHA384  // 0x034
    public var currentTCB = TCBVersion(rawValue: 0)  // 0x038
    public var platformInfo = PlatformInfo(rawValue: 0)  // 0x040
    public var flags = ReportFlags(rawValue: 0)  // 0x048
    public var reportData = [UInt8](repeating: 0, count: 64)  // 0x050
    public var measurement = [UInt8](repeating: 0, count: 48)  // 0x090
    public var hostData = [UInt8](repeating: 0, count: 32)  // 0x0C0
    public var idKeyDigest = [UInt8](repeating: 0, count: 48)  // 0x0E0
    public var authorKeyDigest = [UInt8](repeating: 0, count: 48)  // 0x110
    public var reportID = [UInt8](repeating: 0, count: 32)  // 0x140
    /// Of the migration agent; all ones where there is none.
    public var migrationReportID = [UInt8](repeating: 0xFF, count: 32)  // 0x160
    /// The TCB that the signing key is derived for.
    public var reportedTCB = TCBVersion(rawValue: 0)  // 0x180
    /// From version 3 on.
    public var processor: ProcessorIdentity?  // 0x188
    /// All zero where the platform masks it, or a VLEK signs.
    public var chipID = [UInt8](repeating: 0, count: 64)  // 0x1A0
    public var committedTCB = TCBVersion(rawValue: 0)  // 0x1E0
    public var currentFirmware = FirmwareVersion(major: 0, minor: 0, build: 0)  // 0x1E8
    public var committedFirmware = FirmwareVersion(major: 0, minor: 0, build: 0)  // 0x1EC
    public var launchTCB = TCBVersion(rawValue: 0)  // 0x1F0
    /// From version 5 on.
    public var mitigations: MitigationVectors?  // 0x1F8
    public var signature = ReportSignature.none  // 0x2A0

    public init(version: UInt32, policy: GuestPolicy) {
        self.version = version
        self.policy = policy
    }

    /// Reads 1184 bytes. Reserved ones must be zero.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        do throws(ByteError) {
            version = try reader.integer()
            guestSVN = try reader.integer()
            policy = GuestPolicy(rawValue: try reader.integer())
            familyID = try reader.bytes(16)
            imageID = try reader.bytes(16)
            vmpl = try reader.integer()
            signatureAlgorithm = try reader.integer()
            currentTCB = TCBVersion(rawValue: try reader.integer())
            platformInfo = PlatformInfo(rawValue: try reader.integer())
            flags = ReportFlags(rawValue: try reader.integer())
            try reader.reserved(4)
            reportData = try reader.bytes(64)
            measurement = try reader.bytes(48)
            hostData = try reader.bytes(32)
            idKeyDigest = try reader.bytes(48)
            authorKeyDigest = try reader.bytes(48)
            reportID = try reader.bytes(32)
            migrationReportID = try reader.bytes(32)
            reportedTCB = TCBVersion(rawValue: try reader.integer())
            if version >= 3 {
                processor = ProcessorIdentity(
                    family: try reader.integer(), model: try reader.integer(), stepping: try reader.integer())
            }
            try reader.reserved(0x1A0 - reader.offset)
            chipID = try reader.bytes(64)
            committedTCB = TCBVersion(rawValue: try reader.integer())
            currentFirmware = try FirmwareVersion(&reader)
            committedFirmware = try FirmwareVersion(&reader)
            launchTCB = TCBVersion(rawValue: try reader.integer())
            if version >= 5 {
                mitigations = MitigationVectors(launch: try reader.integer(), current: try reader.integer())
            }
            try reader.reserved(Self.signedByteCount - reader.offset)
            signature = try ReportSignature(&reader)
            try reader.finish()
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard (2...5).contains(version) else { throw SNPFormatError(Self.name, .version(version)) }
        guard flags.reservedBits == 0 else {
            throw SNPFormatError(Self.name, .value(field: "flags", UInt64(flags.rawValue)))
        }
    }

    /// The 1184 bytes.
    public func encoded() -> [UInt8] { signedBytes + signature.encoded() }

    /// The first 672 bytes: what the signature is over.
    public var signedBytes: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(version)
        writer.littleEndian(guestSVN)
        writer.littleEndian(policy.rawValue)
        writer.fixed(familyID, 16)
        writer.fixed(imageID, 16)
        writer.littleEndian(vmpl)
        writer.littleEndian(signatureAlgorithm)
        writer.littleEndian(currentTCB.rawValue)
        writer.littleEndian(platformInfo.rawValue)
        writer.littleEndian(flags.rawValue)
        writer.zeros(4)
        writer.fixed(reportData, 64)
        writer.fixed(measurement, 48)
        writer.fixed(hostData, 32)
        writer.fixed(idKeyDigest, 48)
        writer.fixed(authorKeyDigest, 48)
        writer.fixed(reportID, 32)
        writer.fixed(migrationReportID, 32)
        writer.littleEndian(reportedTCB.rawValue)
        if let processor { writer.append([processor.family, processor.model, processor.stepping]) }
        writer.zeros(to: 0x1A0)
        writer.fixed(chipID, 64)
        writer.littleEndian(committedTCB.rawValue)
        currentFirmware.write(&writer)
        committedFirmware.write(&writer)
        writer.littleEndian(launchTCB.rawValue)
        if let mitigations {
            writer.littleEndian(mitigations.launch)
            writer.littleEndian(mitigations.current)
        }
        writer.zeros(to: Self.signedByteCount)
        return writer.bytes
    }
}
