internal import BoundedBytes

/// The table of CPUID answers that the firmware has checked for the guest: a count in 16 bytes, then at most 64 entries
/// of 48 bytes, little-endian, in a page.
///
/// Source: AMD 56860, "CPUID Page", table CPUID_FUNCTION.
public struct CPUIDPage: Equatable, Sendable {
    public static let byteCount = 4096
    public static let mostEntries = 64
    static let name = "CPUID page"

    public struct Entry: Equatable, Sendable {
        public var function: UInt32  // 0x00, EAX
        public var index: UInt32  // 0x04, ECX
        /// XCR0 and IA32_XSS for which the answer holds, where it depends on them.
        public var xcr0: UInt64 = 0  // 0x08
        public var xss: UInt64 = 0  // 0x10
        public var eax: UInt32  // 0x18
        public var ebx: UInt32  // 0x1C
        public var ecx: UInt32  // 0x20
        public var edx: UInt32  // 0x24

        public init(function: UInt32, index: UInt32 = 0, eax: UInt32, ebx: UInt32, ecx: UInt32, edx: UInt32) {
            self.function = function
            self.index = index
            self.eax = eax
            self.ebx = ebx
            self.ecx = ecx
            self.edx = edx
        }

        init(_ reader: inout ByteReader) throws(ByteError) {
            function = try reader.integer()
            index = try reader.integer()
            xcr0 = try reader.integer()
            xss = try reader.integer()
            eax = try reader.integer()
            ebx = try reader.integer()
            ecx = try reader.integer()
            edx = try reader.integer()
            try reader.reserved(8)
        }

        func write(_ writer: inout ByteWriter) {
            writer.littleEndian(function)
            writer.littleEndian(index)
            writer.littleEndian(xcr0)
            writer.littleEndian(xss)
            for register in [eax, ebx, ecx, edx] { writer.littleEndian(register) }
            writer.zeros(8)
        }
    }

    public private(set) var entries: [Entry]

    /// - Throws: `.value` of the count where there are more than 64.
    public init(_ entries: [Entry]) throws(SNPFormatError) {
        guard entries.count <= Self.mostEntries else {
            throw SNPFormatError(Self.name, .value(field: "COUNT", UInt64(entries.count)))
        }
        self.entries = entries
    }

    /// Reads a page. What lies behind the last entry is not looked at.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        try SNPFormatError.require(Self.name, bytes, count: Self.byteCount)
        var reader = ByteReader(bytes.span)
        let count: UInt32
        do throws(ByteError) {
            count = try reader.integer()
            try reader.reserved(12)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard count <= UInt32(Self.mostEntries) else {
            throw SNPFormatError(Self.name, .value(field: "COUNT", UInt64(count)))
        }
        var entries: [Entry] = []
        do throws(ByteError) { for _ in 0..<count { entries.append(try Entry(&reader)) } } catch {
            throw SNPFormatError(Self.name, .bytes(error))
        }
        self.entries = entries
    }

    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(UInt32(entries.count))
        writer.zeros(12)
        for entry in entries { entry.write(&writer) }
        writer.zeros(to: Self.byteCount)
        return writer.bytes
    }
}
