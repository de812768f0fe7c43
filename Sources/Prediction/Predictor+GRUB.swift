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
            kernel: kernel.map { "vmlinuz-" + $0 })
        let result = try system { () throws(InstalledSystemError) in
            try GRUBPrediction.make(machine: machine, disk: InstalledDisk(installed))
        }
        if case .noEntry = result.ending, let kernel { throw .noEntry(version: kernel) }
        entry = result.chosen
        for event in result.events { try add(event, shim: shim, after: first) }
        switch result.ending {
        case .boots(let file): try predictKernel(file, result.events)
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
            try add(8, .ipl, hashing: words, .grubCommand(place), "grub_cmd: " + Self.text(words))
        case .kernelCommandLine(let line):
            try add(8, .ipl, hashing: line, .commandLine(place), "kernel_cmdline: " + Self.text(line))
        case .file(let file, let content?):
            try add(9, .ipl, hashing: content, .grubCommand(place), file.shownName)
        case .file(let file, nil):
            let volume = try volume(of: file)
            let digests = try system { () throws(InstalledSystemError) in
                try volume.digests(of: file.path, algorithms)
            }
            events.append(
                PredictedEvent(
                    pcr: 9, type: .ipl, digests: digests, reason: .file(volume.name + file.path),
                    text: file.shownName))
        case .image(let file, _):
            let program = try program(of: file)
            if let shim { try predictAuthority(of: program, shim: shim, after: first) }
            try add(program)
        }
    }

    func volume(of file: GRUBFile) throws(PredictionError) -> Volume {
        guard let volume = installed.volume(file.device) else {
            throw .system(.noPartition(wanted: file.device, partitions: installed.devices))
        }
        return volume
    }

    func program(of file: GRUBFile) throws(PredictionError) -> BootProgram {
        let volume = try volume(of: file)
        return try system { () throws(InstalledSystemError) in try volume.program(file.path) }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
