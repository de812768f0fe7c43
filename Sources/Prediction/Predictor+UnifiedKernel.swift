internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

extension Predictor {
    /// What systemd's stub measures of its own sections: for each the name with its NUL, then the contents.
    ///
    /// Source: systemd, `src/fundamental/uki.h` (order) and `src/boot/stub.c`: as many bytes as the section has in
    /// memory; what the file does not hold is not measured.
    mutating func predictUnifiedKernel(_ program: BootProgram) throws(PredictionError) {
        for name in Self.measuredSections {
            guard let section = program.image.layout.unifiedKernelSections.first(where: { $0.name == name }) else {
                continue
            }
            let data = EventData.wideText(name)
            try add(11, .ipl, hashing: Array(name.utf8) + [0], .contents(program.name), name, data: data)
            let digests = RunningDigests(algorithms)
            try system { () throws(InstalledSystemError) in try program.file.feed(digests, section.contentRange) }
            let values = try hashing { () throws(CryptographyError) in try digests.finish() }
            events.append(
                PredictedEvent(
                    pcr: 11, type: .ipl, digests: values, reason: .file(program.name + " section " + name),
                    text: "contents of " + name, data: data))
        }
        gap([4, 9], "the kernel inside \(program.name)", "what it and its stub measure depends on the stub's version")
        gap([12], "command lines and credentials", "the stub takes them from the disk and from the host")
    }

    /// `.pcrsig` signs the result and is not measured.
    private static let measuredSections = [
        ".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey",
    ]
}
