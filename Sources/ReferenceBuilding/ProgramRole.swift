internal import BootPolicy
internal import BoundedBytes
internal import EFI
internal import InstalledSystem

extension BootProgram {
    /// The part that it has in a boot; nil where it has none.
    var role: Reference.Role? {
        switch kind {
        case .shim: .shim
        case .grub: .grub
        case .unifiedKernel: .unifiedKernel
        case .other: image.sbat?.contains { $0.component == "systemd-boot" } == true ? .systemdBoot : nil
        }
    }

    /// As its maker's line of SBAT has it: the last is that of the distribution.
    var version: String? { image.sbat?.last { $0.component != "sbat" }?.version ?? image.version?.productVersion }
}

extension Variable {
    /// Belongs to the firmware, not to whoever gave it the same name.
    var isSecureBootKey: Bool { vendor == (name == "PK" || name == "KEK" ? .globalVariable : .securityDatabase) }
}

/// A part of a file that is a PE image itself.
struct SectionSource: ImageSource {
    let file: VolumeFile
    let range: Range<Int>

    var byteCount: Int { range.count }

    func read(_ part: Range<Int>, into buffer: inout [UInt8]) throws(InstalledSystemError) {
        let start = range.lowerBound + part.lowerBound
        try file.read(start..<start + part.count, into: &buffer)
    }
}
