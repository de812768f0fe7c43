public import BoundedBytes

/// What the data of an event say, read as its type and its PCR demand. Digests are not looked at here.
///
/// Ranges are in bytes from the start of the log.
public enum EventContent: Equatable, Sendable {
    /// The header of a crypto-agile log.
    case logHeader
    case startupLocality(UInt8)
    /// An SP800-155 event: where to find the firmware's reference values. Its signature is kept.
    case referenceManifest(String)
    case separator(SeparatorValue)
    /// EV_ACTION or EV_EFI_ACTION.
    case action(String)
    /// The version of the firmware's first part: text, GUID or vendor bytes.
    case firmwareVersion(String)
    case variable(VariableData)
    case image(ImageLoad)
    case partitionTable(PartitionTableData)
    /// A piece of firmware in memory, `base` and `count` in bytes; the text is empty in the older event.
    case firmwareBlob(name: String, base: UInt64, count: UInt64)
    /// GRUB in PCR 8: what it ran, or gave to a kernel. The range is the text, without prefix and NUL.
    case grubText(GRUBPrefix, Range<Int>)
    /// GRUB in PCR 9: the file that it read.
    case grubFile(String)
    /// shim in PCR 14: the variable of which it measured the contents.
    case shimVariable(String)
    /// The kernel's EFI stub: its load options, or its initrd.
    case linuxLoadOptions, linuxInitrd
    /// systemd's boot loader and stub.
    case systemdSection(String), systemdCommandLine(String), systemdArchive(String), systemdTag(UInt32)
    /// Any other tagged event, as Windows writes them.
    case tag(UInt32, Range<Int>)
    case text(String)
    case opaque
    /// The data have not the form that the type demands.
    case malformed(ByteError)
    /// As before, in what the bytes mean and not in how many there are. The text says what was expected.
    case unexpected(String)

    static func startupLocality(in data: ArraySlice<UInt8>) -> UInt8? {
        let signature = Array("StartupLocality\0".utf8)
        guard data.count == signature.count + 1, data.starts(with: signature) else { return nil }
        return data.last
    }
}

/// The data of EV_SEPARATOR. Source: TCG PC Client Platform Firmware Profile 1.06, section 3.3.4.5.
public enum SeparatorValue: String, Equatable, Sendable {
    case zeros, ones
    /// "WBCL", by which Windows closes PCR 12 to 14.
    case windows
    /// Anything else: the firmware's words about an error.
    case other
}

/// What GRUB puts before the text in the event, and whether the NUL behind the text is hashed.
///
/// Source: GRUB, `grub-core/kern/tpm.c`; the last two are Fedora 28's and EVE's patch, seen in their logs.
public enum GRUBPrefix: String, CaseIterable, Sendable {
    case command = "grub_cmd: "
    case kernelCommandLine = "kernel_cmdline: "
    case moduleCommandLine = "module_cmdline: "
    case oldCommand = "grub_cmd "
    case oldKernelCommandLine = "grub_kernel_cmdline "

    var hashesNUL: Bool { self == .oldCommand }
}
