internal import BoundedBytes

/// What GRUB looks at in a kernel before it takes it.
///
/// Source: Linux, `Documentation/arch/x86/boot.rst`; integers are little-endian, offsets in bytes from the start.
struct KernelHeader {
    private let signature: [UInt8]
    private let setupSectors: UInt8  // 0x1F1
    private let bootFlag: UInt16  // 0x1FE
    private let magic: UInt32  // 0x202
    private let version: UInt16  // 0x206
    /// Without the NUL.
    let commandLineBytes: UInt32  // 0x238
    private let handoverOffset: UInt32  // 0x264

    init(reading head: [UInt8]) throws(ByteError) {
        var reader = ByteReader(head.span)
        signature = try reader.bytes(2)
        try reader.skip(to: 0x1F1)
        setupSectors = try reader.integer()
        try reader.skip(to: 0x1FE)
        bootFlag = try reader.integer()
        try reader.skip(to: 0x202)
        magic = try reader.integer()
        version = try reader.integer()
        try reader.skip(to: 0x238)
        commandLineBytes = try reader.integer()
        try reader.skip(to: 0x264)
        handoverOffset = try reader.integer()
    }

    /// `MZ`.
    var isEFIProgram: Bool { signature == [0x4D, 0x5A] }

    /// The module `linuxefi` jumps into the kernel's own EFI entry.
    var hasHandover: Bool { isBootable && version >= 0x020B && handoverOffset != 0 }

    /// The module `linux` of GRUB 2.06 leaves the firmware behind, and starts it as a BIOS would; older kernels have no
    /// length of the command line.
    var has32BitEntry: Bool { isBootable && magic == 0x5372_6448 && version >= 0x0206 }

    private var isBootable: Bool { bootFlag == 0xAA55 && setupSectors <= 64 }
}
