internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import GRUBScript
internal import InstalledSystem

extension Predictor {
    /// What GRUB measures, and makes shim measure, until it starts a kernel.
    mutating func predictGRUB(
        _ grub: BootProgram, shim: BootProgram?, after first: Event
    ) throws(PredictionError) {
        guard let esp = installed.esp, let device = esp.device else {
            return gap([4, 8, 9], "GRUB's commands", "what GRUB will call the EFI system partition is not known")
        }
        if let reason = try unknownDevice() { return gap([4, 8, 9], "GRUB's search for its files", reason) }
        guard let section = grub.image.section("mods")?.rawRange else {
            return gap([4, 8, 9], "GRUB's commands", "\(grub.name) has no modules")
        }
        let bytes = try system { () throws(InstalledSystemError) in
            try grub.bytes(section, limit: Self.longestModules)
        }
        let image: GRUBImage
        do throws(GRUBImageError) { image = try GRUBImage(parsing: bytes) } catch {
            return gap([4, 8, 9], "GRUB's commands", "\(grub.name): \(error)")
        }
        let folder = grub.path[..<(grub.path.lastIndex(of: "/") ?? grub.path.startIndex)]
        let isVerified = shim != nil && isVerifying(after: first)
        let machine = GRUBMachine(
            image: image, bootDevice: device, bootDirectory: String(folder), isSecureBoot: isVerified,
            hasFirmwareSetup: history.hasFirmwareSetup, kernel: kernel.map { "vmlinuz-" + $0 },
            isInSubmenu: isInSubmenu)
        let version = grub.image.sbat?.first { $0.component == "grub" }?.version ?? ""
        keepsLoadedImages = isVerified && PackageVersion(version) >= PackageVersion("2.14")
        if keepsLoadedImages, image.loadsPrograms {
            gap([4], "the start of the kernel", "GRUB 2.14 that loads programs by itself has not been seen")
        }
        let result = try system { () throws(InstalledSystemError) in
            try GRUBPrediction.make(machine: machine, disk: InstalledDisk(installed))
        }
        if case .noEntry = result.ending, let kernel { throw .noEntry(version: kernel) }
        entry = result.chosen
        if let place = labelSearch(in: result.events) {
            return gap([4, 8, 9], "GRUB's command at \(place)", "it searches by label, and not all labels are known")
        }
        for event in result.events { try add(event, shim: shim, after: first) }
        switch result.ending {
        case .boots(let file): if result.startsProgram { try predictKernel(file, result.events) }
        case .noEntry(let kernel, let place): gap([4, 8, 9], "GRUB's menu at \(place)", "no entry boots \(kernel)")
        case .unpredictable(let reason, let place): gap([4, 8, 9], "GRUB's command at \(place)", reason)
        case .malformed(let reason, let place): gap([4, 8, 9], "GRUB's configuration at \(place)", reason)
        }
    }

    /// The longest `mods` section that is read, in bytes; Debian's has 4 MiB.
    private static let longestModules = 64 << 20

    private mutating func add(
        _ event: GRUBEvent, shim: BootProgram?, after first: Event
    ) throws(PredictionError) {
        let place = event.origin.description
        switch event.measurement {
        case .command(let words):
            let prefix = "grub_cmd: "
            try add(
                8, .ipl, hashing: words, .grubCommand(place), prefix + Self.text(words),
                data: EventData.text(prefix, words))
        case .kernelCommandLine(let line):
            let prefix = "kernel_cmdline: "
            try add(
                8, .ipl, hashing: line, .commandLine(place), prefix + Self.text(line),
                data: EventData.text(prefix, line))
        case .file(let file, let content?):
            try add(
                9, .ipl, hashing: content, .grubCommand(place), file.shownName, data: EventData.text(file.shownName))
        case .file(let file, nil):
            let volume = try volume(of: file)
            events.append(
                PredictedEvent(
                    pcr: 9, type: .ipl, digests: try digests(of: file), reason: .file(volume.name + file.path),
                    text: file.shownName, data: EventData.text(file.shownName)))
        case .image(_, by: .loadImage) where keepsLoadedImages:
            gap(
                [4], "the start of the kernel",
                "GRUB 2.14 takes what a later shim has loaded, and measures it only then")
        case .image(let file, _):
            let program = try program(of: file)
            if let shim { try predictAuthority(of: program, shim: shim, after: first) }
            // shim and GRUB hold it in memory, and say no path.
            try add(program, data: EventData.imageLoad(of: program, path: nil))
        }
    }

    /// GRUB looks at all partitions for a UUID: one that is not known would silently be passed over.
    private func unknownDevice() throws(PredictionError) -> String? {
        let boot = try system { () throws(InstalledSystemError) in try installed.boot.volume }
        for volume in [installed.esp, boot].compactMap({ $0 }) {
            if volume.device == nil { return "the number of the partition of \(volume.name) is not known" }
            if volume.identifier == nil { return "the UUID of \(volume.name) is not known" }
        }
        return nil
    }

    private func labelSearch(in events: [GRUBEvent]) -> GRUBPlace? {
        guard installed.volumes.contains(where: { $0.device != nil && $0.label == nil }) else { return nil }
        for event in events {
            guard case .command(let words) = event.measurement else { continue }
            let text = Self.text(words)
            if text.hasPrefix("search"), text.contains("label") || text.contains(" -l ") { return event.origin }
        }
        return nil
    }

    func volume(of file: GRUBFile) throws(PredictionError) -> Volume {
        guard let volume = installed.volume(file.device) else {
            throw .system(.noPartition(wanted: file.device, partitions: installed.devices))
        }
        return volume
    }

    func digests(of file: GRUBFile) throws(PredictionError) -> [[UInt8]] {
        let volume = try volume(of: file)
        return try system { () throws(InstalledSystemError) in try volume.digests(of: file.path, algorithms) }
    }

    func program(of file: GRUBFile) throws(PredictionError) -> BootProgram {
        let volume = try volume(of: file)
        return try system { () throws(InstalledSystemError) in try volume.program(file.path) }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
