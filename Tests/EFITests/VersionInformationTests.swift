import EFI
import Testing

/// A PE file with a version resource, put together from Microsoft's documents.
@Suite struct VersionInformationTests {
    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// Length, value length, type, key, and what follows at a multiple of four.
    private static func node(_ key: String, text: Bool, valueLength: Int, _ body: [[UInt8]]) -> [UInt8] {
        var bytes = little(0, 2) + little(valueLength, 2) + little(text ? 1 : 0, 2)
        for unit in key.utf16 { bytes += little(Int(unit), 2) }
        bytes += [0, 0]
        for part in body {
            bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
            bytes += part
        }
        bytes.replaceSubrange(0..<2, with: little(bytes.count, 2))
        return bytes
    }

    private static func string(_ name: String, _ value: String) -> [UInt8] {
        var units: [UInt8] = []
        for unit in value.utf16 { units += little(Int(unit), 2) }
        units += [0, 0]
        return node(name, text: true, valueLength: units.count / 2, [units])
    }

    /// VS_FIXEDFILEINFO with the product version 10.2.3.4.
    private static let fixed =
        little(0xFEEF_04BD, 4) + little(0x10000, 4) + little(0, 8) + little(10 << 16 | 2, 4) + little(3 << 16 | 4, 4)
        + little(0, 28)

    private static func resources(_ version: [UInt8], at address: Int) -> [UInt8] {
        func directory(_ name: Int, _ target: Int) -> [UInt8] {
            little(0, 12) + little(0, 2) + little(1, 2) + little(name, 4) + little(target, 4)
        }
        let tree = directory(16, 24 | 1 << 31) + directory(1, 48 | 1 << 31) + directory(0x409, 72)
        return tree + little(address + 88, 4) + little(version.count, 4) + little(0, 8) + version
    }

    /// DOS header, PE header, PE32+ optional header with sixteen directories, one section at 0x200.
    static func image(_ section: [UInt8], at address: Int) -> [UInt8] {
        var bytes = Array("MZ".utf8) + [UInt8](repeating: 0, count: 0x3A) + little(0x40, 4) + Array("PE\0\0".utf8)
        bytes += little(0x8664, 2) + little(1, 2) + little(0, 12) + little(240, 2) + little(0x22, 2)
        var optional = [UInt8](repeating: 0, count: 240)
        optional.replaceSubrange(0..<2, with: little(0x20B, 2))
        optional.replaceSubrange(60..<64, with: little(0x200, 4))
        optional.replaceSubrange(68..<70, with: little(10, 2))
        optional.replaceSubrange(108..<112, with: little(16, 4))
        optional.replaceSubrange(128..<136, with: little(address, 4) + little(section.count, 4))
        bytes += optional + Array(".rsrc\0\0\0".utf8) + little(section.count, 4) + little(address, 4)
        bytes += little(section.count, 4) + little(0x200, 4) + little(0, 16)
        return bytes + [UInt8](repeating: 0, count: 0x200 - bytes.count) + section
    }

    private static let version = node(
        "VS_VERSION_INFO", text: false, valueLength: 52,
        [
            fixed,
            node(
                "StringFileInfo", text: true, valueLength: 0,
                [
                    node(
                        "040904b0", text: true, valueLength: 0,
                        [string("ProductName", "Boot"), string("ProductVersion", "10.2 beta")])
                ]),
        ])

    private static func parse(_ section: [UInt8]) throws -> VersionInformation? {
        try BootImage(reading: MemorySource(image(section, at: 0x5000))).version
    }

    @Test func findsTheProductVersionInTheTree() throws {
        let version = try #require(try Self.parse(Self.resources(Self.version, at: 0x5000)))
        #expect(version.fixedProductVersion == "10.2.3.4")
        #expect(version["ProductName"] == "Boot")
        #expect(version.productVersion == "10.2 beta")
    }

    @Test func refusesDataOutsideTheSection() {
        for address in [0x4FA7, 0x5001, 0x4000, 0xFFFF_0000] {
            #expect(throws: ImageFailure<Never>.self) { try Self.parse(Self.resources(Self.version, at: address)) }
        }
    }

    /// Each byte of the tree and of the version: an error or a value, never a crash or a loop.
    @Test func survivesEveryValueInEveryByte() {
        let section = Self.resources(Self.version, at: 0x5000)
        var refused = 0
        for offset in section.indices {
            for value: UInt8 in [0, 1, 0x80, 0xFF] {
                var bytes = section
                bytes[offset] = value
                do { _ = try Self.parse(bytes) } catch { refused += 1 }
            }
        }
        #expect(refused > 0)
    }

    @Test func hasNoVersionWithoutAVersionResource() throws {
        var section = Self.resources(Self.version, at: 0x5000)
        section[16] = 3
        #expect(try Self.parse(section) == nil)
    }
}
