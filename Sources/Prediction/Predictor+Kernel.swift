internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import GRUBScript
internal import InstalledSystem

extension Predictor {
    /// What the kernel's EFI stub measures: its load options and its initrd, if it was started as an EFI program.
    ///
    /// Source: Linux 6.6, `drivers/firmware/efi/libstub/efi-stub-helper.c`, efi_measure_tagged_event. A kernel that GRUB
    /// enters by the handover protocol, as in Debian 12, gets its initrd otherwise and measures nothing.
    mutating func predictKernel(_ kernel: GRUBFile, _ grub: [GRUBEvent]) throws(PredictionError) {
        let program = try program(of: kernel)
        // The stub is not compressed, as the kernel behind it is; its words tell whether it measures at all.
        let code = try system { () throws(InstalledSystemError) in
            try program.bytes(0..<program.image.layout.byteCount, limit: Self.longestKernel)
        }
        let lines = grub.compactMap { event in
            if case .kernelCommandLine(let line) = event.measurement { (line, event.origin) } else { nil }
        }
        if let (line, place) = lines.last, Self.holds(code, Self.loadOptions) {
            try add(
                9, .eventTag, hashing: Self.loadOptions(of: line), .commandLine(place.description), Self.loadOptions,
                data: EventData.tagged(0x8F3B_22ED, Self.loadOptions))
        }
        guard Self.holds(code, Self.initrd) else { return }
        try predictInitrd(of: kernel, grub)
    }

    /// UTF-16, with the words that GRUB puts before the file's name, and without the NUL behind it.
    static func loadOptions(of line: [UInt8]) -> [UInt8] { EventData.units("BOOT_IMAGE=" + text(line)) }

    /// The files that GRUB reads behind the kernel, as one; each begins at a multiple of four.
    private mutating func predictInitrd(of kernel: GRUBFile, _ grub: [GRUBEvent]) throws(PredictionError) {
        let start = grub.lastIndex { event in
            if case .kernelCommandLine = event.measurement { return true }
            return false
        }
        var files: [GRUBFile] = []
        for event in grub[(start ?? 0)...] {
            guard case .command(let words) = event.measurement else { continue }
            guard words.starts(with: Array("initrd".utf8)) else { continue }
            guard !Self.holds(words, "newc:") else {
                return gap([9], "Linux initrd", "GRUB makes a part of it: \(Self.text(words))")
            }
            files = grub.compactMap { file in
                guard file.origin == event.origin, case .file(let file, nil) = file.measurement else { return nil }
                return file
            }
        }
        guard !files.isEmpty else { return }
        events.append(
            PredictedEvent(
                pcr: 9, type: .eventTag, digests: try digests(of: files),
                reason: .file(files.map { $0.path }.joined(separator: ", ")), text: Self.initrd,
                data: EventData.tagged(0x8F3B_22EC, Self.initrd)))
    }

    private func digests(of files: [GRUBFile]) throws(PredictionError) -> [[UInt8]] {
        // GRUB has measured it by itself, too.
        if files.count == 1 { return try digests(of: files[0]) }
        let digests = RunningDigests(algorithms)
        for (index, file) in files.enumerated() {
            let volume = try volume(of: file)
            let opened = try system { () throws(InstalledSystemError) in try volume.open(file.path) }
            try system { () throws(InstalledSystemError) in try opened.feed(digests) }
            let padding = index < files.count - 1 ? (4 - opened.byteCount % 4) % 4 : 0
            digests.update([UInt8](repeating: 0, count: padding).span)
        }
        return try hashing { () throws(CryptographyError) in try digests.finish() }
    }

    /// Far more than any kernel has, in bytes.
    private static let longestKernel = 256 << 20
    private static let loadOptions = "LOADED_IMAGE::LoadOptions"
    private static let initrd = "Linux initrd"

    /// Whether the text lies anywhere in the bytes.
    private static func holds(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, bytes.count >= wanted.count else { return false }
        for start in 0...bytes.count - wanted.count where bytes[start] == first {
            if bytes[start..<start + wanted.count].elementsEqual(wanted) { return true }
        }
        return false
    }
}
