internal import BoundedBytes
internal import FileSystems

/// The programs that run before the kernel: what the firmware starts and, where that is shim, what shim starts.
public struct BootChain {
    /// In the order in which they run; one at least.
    public let programs: [BootProgram]
    /// From the packages of a system that has no EFI system partition yet: the paths are not those of the boot.
    public let isPackaged: Bool
    /// Files beside shim that give it further certificates or revocations.
    public let shimAdditions: [String]
    /// shim will start its fallback program, which writes boot entries: what boots then, only the firmware decides.
    public let usesFallback: Bool

    public var first: BootProgram { programs[0] }
    /// shim, where the firmware starts it.
    public var shim: BootProgram? { first.kind == .shim ? first : nil }
}

extension InstalledSystem {
    /// Where firmware looks on a disk that no boot entry names. Source: UEFI 2.10, section 3.5.1.1.
    public static let removableMediaPath = "/EFI/BOOT/BOOTX64.EFI"

    /// Finds the programs that the firmware and shim will start.
    ///
    /// - Parameters:
    ///   - file: what the firmware starts, as in its device path, such as `\EFI\debian\shimx64.efi`; nil for a
    ///     firmware without boot entries.
    ///   - second: what shim starts, in the same form, where its boot entry names it; nil for shim's own default.
    /// - Throws: `.missing` where a program is not there, `.program` where it is no PE image.
    public func bootChain(
        starting file: String? = nil, then second: String? = nil
    ) throws(InstalledSystemError) -> BootChain {
        if let esp { return try chain(on: esp, file.map(Self.path) ?? Self.removableMediaPath, second.map(Self.path)) }
        guard let root, file == nil else { throw .noPartition(wanted: "the EFI system partition", partitions: []) }
        var programs: [BootProgram] = []
        for path in Self.packagedPaths { programs.append(try root.program(path)) }
        return BootChain(programs: programs, isPackaged: true, shimAdditions: [], usesFallback: false)
    }

    private func chain(
        on esp: Volume, _ path: String, _ second: String?
    ) throws(InstalledSystemError) -> BootChain {
        let first = try esp.program(path)
        guard first.kind == .shim else {
            return BootChain(programs: [first], isPackaged: false, shimAdditions: [], usesFallback: false)
        }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let names = try esp.names(in: folder) ?? []
        let additions = names.filter { name in
            Self.additions.contains { name.lowercasedASCII.hasPrefix($0) } && name.lowercasedASCII.hasSuffix(".efi")
        }
        // Only from the removable-media path, and before its default.
        let fallback = folder + "/fbx64.efi"
        let usual = folder + "/grubx64.efi"
        let isUsual = second.map { FATEntry.areEqual($0, usual) } ?? true
        let mayFallBack = isUsual && FATEntry.areEqual(path, Self.removableMediaPath)
        let usesFallback = mayFallBack ? try esp.kind(of: fallback) != nil : false
        let next = usesFallback ? fallback : second ?? usual
        return BootChain(
            programs: [first, try esp.program(next)], isPackaged: false, shimAdditions: additions,
            usesFallback: usesFallback)
    }

    /// shim's and GRUB's packages, signed, in the order in which they run.
    private static let packagedPaths = [
        "/usr/lib/shim/shimx64.efi.signed", "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
    ]

    /// Source: rhboot/shim `shim.c`, load_unbundled_trust: beginnings of names in shim's folder.
    private static let additions = ["shim_certificate", "revocations"]

    /// With slashes, from the root of the volume.
    private static func path(_ file: String) -> String {
        let path = file.split { $0 == "\\" || $0 == "/" }.joined(separator: "/")
        return "/" + path
    }
}
