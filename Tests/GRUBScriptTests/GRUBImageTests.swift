import EFI
import FileSystems
import GRUBScript
import TestSupport
import Testing

@Suite struct GRUBImageTests {
    private static func debianSection() throws -> [UInt8] {
        let folder = try Scratch()
        try DebianImages.unpack(into: folder)
        let file = try folder.bytes("grub")
        let image = try PEImage(parsing: file.span.extracting(first: PEImage.headLimit), byteCount: file.count)
        let section = try #require(image.sections.first { $0.name == "mods" })
        return Array(file[section.contentRange])
    }

    @Test(.enabled(if: DebianImages.isPresent)) func readsTheImageThatDebianSigned() throws {
        let section = try Self.debianSection()
        let image = try GRUBImage(parsing: section)
        #expect(image.modules == Machines.debianModules)
        #expect(String(decoding: image.configuration, as: UTF8.self) == "normal (memdisk)/grub.cfg\n")
        #expect(image.prefix == "/EFI/debian")
        #expect(!image.asksForFirmwareSetup)
        #expect(!image.looksBesideItself)
        #expect(!image.loadsPrograms)
        let made = try Memdisk(parsing: try Machines.memdisk())
        #expect(try image.memdisk?.file(at: "/grub.cfg") == made.file(at: "/grub.cfg"))
        // The same font lies in /boot/grub of the image, 2392304 bytes.
        #expect(try image.memdisk?.file(at: "/fonts/unicode.pf2")?.count == 2_392_304)
        #expect(try image.memdisk?.file(at: "/nosuch") == nil)
        // Cut at the start of each object's fields, in the middle of objects, and shortly before the end.
        for length in Array(0..<64) + Array(stride(from: 64, to: section.count, by: 300_007)) {
            #expect(throws: GRUBImageError.self) { try GRUBImage(parsing: Array(section.prefix(length))) }
        }
    }

    private func object(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [type, 0, 0, 0, UInt8(bytes.count + 8), 0, 0, 0] + bytes
    }
    private func section(_ objects: [UInt8], size: Int? = nil) -> [UInt8] {
        let size = size ?? objects.count + 24
        return [0x6D, 0x69, 0x6D, 0x67, 0, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0]
            + (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + objects
    }

    @Test func takesPrefixAndConfigurationUpToTheirNUL() throws {
        let image = try GRUBImage(
            parsing: section(object(3, Array("(,gpt2)/g\0\0".utf8)) + object(9, [1]) + object(2, Array("a\0b".utf8))))
        #expect(image.prefix == "(,gpt2)/g")
        #expect(image.configuration == [0x61])
        #expect(image.memdisk == nil)
    }

    @Test func refusesWhatIsNotWhole() throws {
        let prefix = object(3, [0x2F, 0])
        #expect(throws: GRUBImageError.noPrefix) { try GRUBImage(parsing: section([])) }
        #expect(throws: GRUBImageError.noPrefix) { try GRUBImage(parsing: [UInt8](repeating: 0, count: 64)) }
        #expect(throws: GRUBImageError.text(offset: 32)) { try GRUBImage(parsing: section(object(3, [0xFF]))) }
        #expect(throws: GRUBImageError.module(offset: 42, what: "no ELF module with a name")) {
            try GRUBImage(parsing: section(prefix + object(0, [1, 2, 3])))
        }
        #expect(throws: GRUBImageError.memdisk(offset: 42, .fat(.cut(needed: 512, available: 3)))) {
            try GRUBImage(parsing: section(prefix + object(1, [1, 2, 3])))
        }
        #expect(throws: GRUBImageError.self) { try GRUBImage(parsing: section(prefix, size: 1 << 40)) }
        #expect(throws: GRUBImageError.self) { try GRUBImage(parsing: section([0, 0, 0, 0, 7, 0, 0, 0])) }
        #expect(throws: GRUBImageError.self) { try GRUBImage(parsing: section([0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])) }
    }
}
