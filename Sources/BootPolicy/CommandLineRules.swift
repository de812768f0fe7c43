internal import EventLog

/// What the kernel is told, by GRUB in PCR 8 or systemd-stub in PCR 12.
extension BootCheck {
    func commandLineVerdict() -> ComponentVerdict {
        var shown: String?
        for event in events(in: 8) + events(in: 12) {
            let line: ArraySlice<UInt8>
            switch log.content(of: event) {
            case .grubText(.kernelCommandLine, let range), .grubText(.oldKernelCommandLine, let range):
                line = log.bytes[range]
            case .systemdCommandLine(let text): line = Array(text.utf8)[...]
            default: continue
            }
            shown = String(decoding: line, as: UTF8.self)
            if let argument = arguments.firstRefused(in: line) {
                return ComponentVerdict(.commandLine, shown ?? "", refusal: .argument(argument))
            }
        }
        if let shown { return ComponentVerdict(.commandLine, shown) }
        // A unified kernel image has its command line inside, where its digest holds it.
        let isUnified = events(in: 11).contains { event in
            if case .systemdSection(".cmdline") = log.content(of: event) { true } else { false }
        }
        return isUnified
            ? ComponentVerdict(.commandLine, "inside the unified kernel image")
            : ComponentVerdict(.commandLine, refusal: .noCommandLine)
    }
}
