internal import BoundedBytes

/// The four bytes at 0x48 of a report.
public struct ReportFlags: RawRepresentable, Equatable, Sendable {
    /// Which of the chip's keys has signed.
    public enum SigningKey: UInt32, Sendable {
        case vcek = 0
        case vlek = 1
        case none = 7
    }

    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(isAuthorKeyEnabled: Bool, isChipKeyMasked: Bool, signingKey: SigningKey) {
        rawValue = (isAuthorKeyEnabled ? 1 : 0) | (isChipKeyMasked ? 2 : 0) | signingKey.rawValue << 2
    }

    public var isAuthorKeyEnabled: Bool { rawValue & 1 != 0 }
    /// The signature is all zero then.
    public var isChipKeyMasked: Bool { rawValue & 2 != 0 }
    /// nil for a number that the document reserves.
    public var signingKey: SigningKey? { SigningKey(rawValue: rawValue >> 2 & 7) }
    var reservedBits: UInt32 { rawValue >> 5 }
}

/// Family, model and stepping of CPUID function 1, combined: one byte each.
public struct ProcessorIdentity: Equatable, Sendable {
    public var family: UInt8
    public var model: UInt8
    public var stepping: UInt8

    public init(family: UInt8, model: UInt8, stepping: UInt8) {
        self.family = family
        self.model = model
        self.stepping = stepping
    }

    public var generation: ProcessorGeneration? { ProcessorGeneration(family: family, model: model) }
}

/// The firmware's version: build, minor, major and a zero, one byte each.
public struct FirmwareVersion: Equatable, Sendable, CustomStringConvertible {
    public var major: UInt8
    public var minor: UInt8
    public var build: UInt8

    public init(major: UInt8, minor: UInt8, build: UInt8) {
        self.major = major
        self.minor = minor
        self.build = build
    }

    init(_ reader: inout ByteReader) throws(ByteError) {
        build = try reader.integer()
        minor = try reader.integer()
        major = try reader.integer()
        try reader.reserved(1)
    }

    func write(_ writer: inout ByteWriter) { writer.append([build, minor, major, 0]) }

    public var description: String { "\(major).\(minor).\(build)" }
}

/// LAUNCH_MIT_VECTOR and CURRENT_MIT_VECTOR: which mitigations the firmware had when the guest was launched, and has now.
public struct MitigationVectors: Equatable, Sendable {
    public var launch: UInt64
    public var current: UInt64

    public init(launch: UInt64, current: UInt64) {
        self.launch = launch
        self.current = current
    }
}

/// The signature of a report: R and S of 72 bytes each, little-endian, then 368 zeros.
///
/// Source: AMD 56860, "Signature Formats", ECDSA P-384 with SHA-384.
public struct ReportSignature: Equatable, Sendable {
    /// The one value of SIGNATURE_ALGO that is defined.
    public static let ecdsaP384SHA384: UInt32 = 1
    public static let byteCount = 512
    /// Of a report that is not signed.
    public static let none = ReportSignature(
        r: [UInt8](repeating: 0, count: 48), s: [UInt8](repeating: 0, count: 48))

    /// 48 bytes each, big-endian.
    public var r: [UInt8]
    public var s: [UInt8]

    public init(r: [UInt8], s: [UInt8]) {
        self.r = r
        self.s = s
    }

    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require("signature", bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        do throws(ByteError) { self = try ReportSignature(&reader) } catch {
            throw SNPFormatError("signature", .bytes(error))
        }
    }

    /// The upper 24 bytes of each number must be zero, as the rest of the field.
    init(_ reader: inout ByteReader) throws(ByteError) {
        r = try reader.bytes(48).reversed()
        try reader.reserved(24)
        s = try reader.bytes(48).reversed()
        try reader.reserved(24)
        try reader.reserved(Self.byteCount - 144)
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        for number in [r, s] {
            writer.fixed(number.reversed(), 48)
            writer.zeros(24)
        }
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }
}
