/// EV_IPL: what boot loaders write. Each has its own form, and its own PCR.
extension EventLog {
    /// Source: GRUB `grub-core/commands/efi/tpm.c`; shim `mok.c`; systemd `src/boot/measure.c` and `stub.c`.
    func loaderContent(of event: Event) -> EventContent {
        let pcrs = pcrs(of: event)
        let data = data(of: event)
        if pcrs.overlaps(PCRSet(8)), let content = grubContent(of: event) { return content }
        if pcrs.overlaps(PCRSet(14)), let name = LogText.terminated(data), Self.shimVariables.contains(name) {
            return .shimVariable(name)
        }
        if pcrs.overlaps(PCRSet(11...13)), let text = LogText.utf16(data), data.suffix(2) == [0, 0] {
            if pcrs.overlaps(PCRSet(11)), Self.sections.contains(text) { return .systemdSection(text) }
            if Self.archives.contains(text) { return .systemdArchive(text) }
            if pcrs.overlaps(PCRSet(12)) { return .systemdCommandLine(text) }
        }
        if pcrs.overlaps(PCRSet(9)), let path = LogText.terminated(data) { return .grubFile(path) }
        return LogText.ascii(data).map { .text($0) } ?? .opaque
    }

    private func grubContent(of event: Event) -> EventContent? {
        let data = data(of: event)
        for prefix in GRUBPrefix.allCases {
            let count = prefix.rawValue.utf8.count
            // Behind the prefix comes at least the NUL.
            guard data.count > count, data.last == 0, data.starts(with: prefix.rawValue.utf8) else { continue }
            return .grubText(prefix, event.data.lowerBound + count..<event.data.upperBound - 1)
        }
        return nil
    }

    private static let shimVariables: Set<String> = [
        "MokList", "MokListX", "MokSBState", "MokListTrusted", "MokPolicy", "HSIStatus", "MokDBState", "SbatLevel",
    ]

    /// The sections that are measured, `.pcrsig` not among them.
    private static let sections: Set<String> = [
        ".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey",
        ".profile", ".dtbauto", ".hwids", ".efifw",
    ]

    private static let archives: Set<String> = [
        "Credentials initrd", "Global credentials initrd", "System extension initrd",
        "Configuration extension initrd", "Credentials initrd (ESP)",
    ]
}
