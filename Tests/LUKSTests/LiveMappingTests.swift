import BoundedBytes
import Testing

@testable import LUKS

@Suite struct LiveMappingTests {
    /// A reply of DM_TABLE_STATUS by the layout of include/uapi/linux/dm-ioctl.h.
    private func reply(type: String = "crypt", targets: UInt32 = 1, parameters: String) -> [UInt8] {
        var writer = ByteWriter()
        writer.append([UInt8](repeating: 0, count: 16))
        writer.littleEndian(UInt32(312))
        writer.littleEndian(targets)
        writer.append([UInt8](repeating: 0, count: 312 - 24))
        writer.littleEndian(UInt64(0))
        writer.littleEndian(UInt64(2_000_000))
        writer.append([UInt8](repeating: 0, count: 8))
        writer.append(Array(type.utf8) + [UInt8](repeating: 0, count: 16 - type.utf8.count))
        writer.append(Array(parameters.utf8) + [0, 0x41, 0x41])
        return writer.bytes
    }

    private let expected = MappingTable(
        cipher: "aes-xts-plain64", keyByteCount: 64, ivOffset: 0, device: "254:3", offset: 32768,
        sectors: 2_000_000, sectorByteCount: 512)

    /// The parameters are as Documentation/admin-guide/device-mapper/dm-crypt.rst describes them.
    @Test func readsAKeyInTheKeyring() throws {
        let text = "aes-xts-plain64 :64:logon:cryptsetup:9bd3-d0 0 254:3 32768"
        let table = try #require(try LiveMapping.parse(reply(parameters: text).span))
        #expect(table == expected)
        #expect(table.firstDifference(from: expected) == nil)
    }

    @Test func keepsNoDigitOfAPlainKey() throws {
        let text =
            "aes-xts-plain64 " + String(repeating: "a5", count: 64) + " 0 254:3 32768 2 allow_discards sector_size:4096"
        let table = try #require(try LiveMapping.parse(reply(parameters: text).span))
        #expect(table.keyByteCount == 64)
        #expect(table.sectorByteCount == 4096)
        #expect(table.options == ["allow_discards"])
        #expect(!"\(table)".contains("a5"))
    }

    @Test(arguments: [
        ("cipher_null-ecb - 0 254:3 32768", "cipher is cipher_null-ecb, not aes-xts-plain64"),
        ("aes-xts-plain64 :32:logon:x 0 254:3 32768", "key has 32 bytes"),
        ("aes-xts-plain64 :64:logon:x 8 254:3 32768", "IV offset is 8"),
        ("aes-xts-plain64 :64:logon:x 0 254:4 32768", "device is 254:4, not 254:3"),
        ("aes-xts-plain64 :64:logon:x 0 254:3 0", "offset is 0 sectors"),
        ("aes-xts-plain64 :64:logon:x 0 254:3 32768 1 sector_size:4096", "sector size is 4096"),
        ("aes-xts-plain64 :64:logon:x 0 254:3 32768 1 integrity:28:aead", "option integrity:28:aead"),
    ])
    func namesTheFirstDifference(_ parameters: String, _ difference: String) throws {
        let table = try #require(try LiveMapping.parse(reply(parameters: parameters).span))
        #expect(table.firstDifference(from: expected) == difference)
    }

    @Test(arguments: ["", "aes-xts-plain64", "aes-xts-plain64 :64: 0 254:3 x", "a b 0 d 0 9 x", "a b 0 d 0 -1"])
    func anotherShapeIsNoTable(_ parameters: String) throws {
        #expect(try LiveMapping.parse(reply(parameters: parameters).span) == nil)
    }

    @Test func twoTargetsOrAnotherTypeAreNoTable() throws {
        let good = "aes-xts-plain64 :64:logon:x 0 254:3 32768"
        #expect(try LiveMapping.parse(reply(targets: 2, parameters: good).span) == nil)
        #expect(try LiveMapping.parse(reply(type: "linear", parameters: good).span) == nil)
    }

    @Test func aReplyCutAnywhereBeforeItsTextIsAnError() {
        let whole = reply(parameters: "")
        for length in 0..<312 + 40 {
            let cut = Array(whole.prefix(length))
            #expect(throws: ByteError.self) { try LiveMapping.parse(cut.span) }
        }
    }
}
