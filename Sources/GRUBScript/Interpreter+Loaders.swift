internal import BoundedBytes

/// What `boot` will start.
struct Loader: Equatable {
    enum Kind { case kernel, kernelProgram, other }

    let file: GRUBFile
    let kind: Kind
}

extension Interpreter {
    /// The `linux` command hands over to the module of Debian 12, Ubuntu 22.04 and older ones, if it is there and Secure
    /// Boot is on. GRUB 2.12 without that module starts the kernel as an EFI program, by the firmware or by itself.
    private var hasHandoverModule: Bool { modules.contains("linuxefi") }

    /// `linux FILE [ARGUMENT...]`.
    ///
    /// Source: GRUB 2.06 with Debian's `linuxefi.patch`, `loader/i386/linux.c`, `loader/i386/efi/linux.c`; GRUB 2.12,
    /// `loader/efi/linux.c`.
    mutating func loadKernel(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        let status = try readKernel(arguments)
        // What GRUB does with the kernel before is a tangle of two modules.
        if status != .success, loader != nil { throw unpredictable("a second kernel that does not load") }
        return status
    }

    private mutating func readKernel(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard let name = arguments.first else { return .badArgument }
        let (file, device): (GRUBFile, DeviceReference)
        switch try open(name, for: .program) {
        case .failed(let status): return status
        case .file(let opened, let place): (file, device) = (opened, place)
        }
        let isHandedOver = hasHandoverModule && machine.isSecureBoot
        if isHandedOver { measure(.image(file, by: .shimOnLoad)) }
        let head = try content(of: file, on: device, limit: 1024)
        guard !Self.isCompressed(head) else { throw unpredictable("\(file) is compressed") }
        let header: KernelHeader
        do throws(ByteError) {
            header = try KernelHeader(reading: head)
        } catch {
            return .badSystem
        }
        var limit = Int.max
        if hasHandoverModule {
            guard isHandedOver ? header.hasHandover : header.has32BitEntry else { return .badSystem }
            // "BOOT_IMAGE=" takes part of the space; the old entry has one byte more.
            limit = Int(header.commandLineBytes) - 11 + (isHandedOver ? 0 : 1)
        } else {
            guard header.isEFIProgram else { throw unpredictable("\(file) is no EFI program") }
        }
        measure(.kernelCommandLine(Self.commandLine(arguments, limit: limit)))
        loader = Loader(file: file, kind: hasHandoverModule ? .kernel : .kernelProgram)
        return .success
    }

    /// Quotes and backslashes get a backslash, an argument with a blank gets quotes. The first argument for which there
    /// is no space, and those behind it, are left out. Source: GRUB 2.06, `lib/cmdline.c`.
    static func commandLine(_ arguments: [[UInt8]], limit: Int) -> [UInt8] {
        var line: [UInt8] = []
        for (index, argument) in arguments.enumerated() {
            var text = argument.flatMap { [0x5C, 0x27, 0x22].contains($0) ? [0x5C, $0] : [$0] }
            if argument.contains(0x20) { text = [0x22] + text + [0x22] }
            guard line.count + (index > 0 ? 1 : 0) + text.count + 1 <= limit else { break }
            if index > 0 { line.append(0x20) }
            line += text
        }
        return line
    }

    /// `initrd FILE...`: each may be `newc:NAME:FILE`.
    ///
    /// Source: GRUB 2.06, `loader/linux.c`.
    mutating func loadInitrd(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard !arguments.isEmpty, let loader, loader.kind != .other else { return .badArgument }
        for argument in arguments {
            var name = argument
            if argument.starts(with: "newc:".utf8) {
                let rest = argument.dropFirst(5).drop { $0 == 0x2F }
                if let colon = rest.firstIndex(of: 0x3A) { name = Array(rest[(colon + 1)...]) }
            }
            if case .failed(let status) = try open(name) { return status }
        }
        return .success
    }

    /// `chainloader FILE [ARGUMENT...]`: the firmware loads it at once, or GRUB does.
    ///
    /// Source: GRUB 2.06, `loader/efi/chainloader.c`; Debian's GRUB 2.12, `loader/efi/peimage.c`.
    mutating func chainload(_ arguments: [[UInt8]]) throws(Stop) -> Status {
        guard let name = arguments.first else { return .badArgument }
        let (file, device): (GRUBFile, DeviceReference)
        switch try open(name, for: .program) {
        case .failed(let status): return status
        case .file(let opened, let place): (file, device) = (opened, place)
        }
        guard try !content(of: file, on: device, limit: 1).isEmpty else { return .badSystem }
        loadImage(file)
        loader = Loader(file: file, kind: .other)
        return .success
    }

    /// `boot`, also behind a menu entry that has loaded something. With a loader it does not come back.
    mutating func boot() throws(Stop) -> Status {
        guard let loader else { return .noKernel }
        if loader.kind == .kernelProgram { loadImage(loader.file) }
        throw .ending(.boots(loader.file))
    }

    /// The firmware measures what it loads; GRUB's own loader does not.
    private mutating func loadImage(_ file: GRUBFile) {
        if !machine.image.loadsPrograms { measure(.image(file, by: .loadImage)) }
    }
}
