internal import BoundedBytes

/// A file that GRUB opens.
public struct GRUBFile: Hashable, Sendable, CustomStringConvertible {
    /// Without parentheses, such as `hd0,gpt2`.
    public let device: String
    /// Within the file system, such as `/grub/grub.cfg`.
    public let path: String
    /// As the script spells it, and hence as the log's event shows it: `(hd0,gpt2)/grub/grub.cfg` or `/vmlinuz`.
    public let shownName: String

    public init(device: String, path: String, shownName: String) {
        self.device = device
        self.path = path
        self.shownName = shownName
    }

    public var description: String { "(" + device + ")" + path }
}

/// One measurement that GRUB makes, or causes shim or the firmware to make.
///
/// Source: GRUB 2.06, `grub-core/commands/tpm.c`, `kern/verifiers.c`, `kern/efi/sb.c`.
public struct GRUBEvent: Equatable, Sendable {
    public enum Measurement: Equatable, Sendable {
        /// PCR 8, `grub_cmd: `: the words of a command after expansion, joined by single spaces. The digest is over
        /// these bytes, without prefix and without a NUL.
        case command([UInt8])
        /// PCR 8, `kernel_cmdline: `, hashed in the same way.
        case kernelCommandLine([UInt8])
        /// PCR 9: the bytes of the file as they lie on the disk, before any decompression. `content` is nil where
        /// they are what the disk held when the boot began, else what `save_env` has made of them since.
        case file(GRUBFile, content: [UInt8]?)
        /// PCR 4: the Authenticode digest of a PE file, measured by `by`.
        case image(GRUBFile, by: ImageMeasurer)
    }

    /// Who measures an image into PCR 4. One start can be measured more than once: a caller that knows its shim and
    /// firmware drops the events that they do not make.
    public enum ImageMeasurer: Equatable, Sendable {
        /// shim, called by GRUB's verifier when it opens a kernel or a chain-loaded image. Only with Secure Boot; shim
        /// must have been built to measure, as those of Debian and Ubuntu are. The event has no device path.
        case shimOnOpen
        /// shim again, called by the `linuxefi` module of Debian 12 and Ubuntu up to 22.04 for the same bytes.
        case shimOnLoad
        /// The firmware's LoadImage: at once for `chainloader`, at `boot` for a kernel started by its own EFI stub
        /// (GRUB 2.12 without Debian's module `peimage`). shim may stand in for the firmware there, and measures the same
        /// digest. GRUB 2.14 with a shim from 16 on keeps the image that shim loaded when the file was opened: then this
        /// event does not come.
        case loadImage
    }

    public let measurement: Measurement
    /// The command that causes it.
    public let origin: GRUBPlace

    /// The register it goes to.
    public var pcr: Int {
        switch measurement {
        case .image: 4
        case .command, .kernelCommandLine: 8
        case .file: 9
        }
    }
}

/// A place in a script.
public struct GRUBPlace: Hashable, Sendable, CustomStringConvertible {
    /// The file's name as GRUB was given it; `(embedded)` for the text in the signed image.
    public let file: String
    /// From 1, in the file.
    public let line: Int
    /// In bytes, from 1. In a menu entry's first line it counts from behind the brace.
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { Printable.escape(file) + ":" + String(line) + ":" + String(column) }
}
