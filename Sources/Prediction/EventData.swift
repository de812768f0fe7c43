internal import BoundedBytes
internal import InstalledSystem

/// The data of events as their writers lay it out.
enum EventData {
    /// GRUB's: a prefix and what is hashed, with a NUL.
    static func text(_ prefix: String, _ bytes: [UInt8] = []) -> [UInt8] { Array(prefix.utf8) + bytes + [0] }

    /// The names of systemd's stub: UTF-16 with a NUL.
    static func wideText(_ text: String) -> [UInt8] { units(text) + [0, 0] }

    /// UTF-16, little-endian, without a NUL.
    static func units(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    /// TCG_PCClientTaggedEvent of the kernel's EFI stub: identifier, length, text with a NUL.
    ///
    /// Source: Linux `drivers/firmware/efi/libstub/efi-stub-helper.c`.
    static func tagged(_ identifier: UInt32, _ text: String) -> [UInt8] {
        let bytes = Self.text(text)
        var writer = ByteWriter()
        writer.littleEndian(identifier)
        writer.littleEndian(UInt32(bytes.count))
        writer.append(bytes)
        return writer.bytes
    }

    /// UEFI_IMAGE_LOAD_EVENT at no address, with the path of a file as shim has it, or without a path.
    ///
    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.4; UEFI 2.10, section 10.3.5.4.
    static func imageLoad(of program: BootProgram, path: String?) -> [UInt8] {
        var nodes: [UInt8] = []
        if let path {
            let name = wideText(path.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\"))
            let count = UInt16(truncatingIfNeeded: name.count + 4)
            nodes = [4, 4, UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)] + name
            nodes += [0x7F, 0xFF, 4, 0]
        }
        var writer = ByteWriter()
        writer.littleEndian(UInt64(0))
        writer.littleEndian(UInt64(program.file.byteCount))
        writer.littleEndian(UInt64(0))
        writer.littleEndian(UInt64(nodes.count))
        writer.append(nodes)
        return writer.bytes
    }
}
