internal import BoundedBytes
internal import EventLog

extension EventContent {
    /// The kind of content, for scripts.
    var kind: String {
        switch self {
        case .logHeader: "log-header"
        case .startupLocality: "startup-locality"
        case .referenceManifest: "reference-manifest"
        case .separator: "separator"
        case .action: "action"
        case .firmwareVersion: "firmware-version"
        case .variable: "variable"
        case .image: "image"
        case .partitionTable: "gpt"
        case .firmwareBlob: "firmware-blob"
        case .grubText(.command, _), .grubText(.oldCommand, _): "grub-command"
        case .grubText(.kernelCommandLine, _), .grubText(.oldKernelCommandLine, _): "kernel-command-line"
        case .grubText(.moduleCommandLine, _): "module-command-line"
        case .grubFile: "grub-file"
        case .shimVariable: "shim-variable"
        case .linuxLoadOptions: "linux-load-options"
        case .linuxInitrd: "linux-initrd"
        case .systemdSection: "systemd-section"
        case .systemdCommandLine: "systemd-command-line"
        case .systemdArchive: "systemd-archive"
        case .systemdTag: "systemd-tag"
        case .tag: "tag"
        case .text: "text"
        case .opaque: "opaque"
        case .malformed, .unexpected: "malformed"
        }
    }

    /// The content in words, not yet fit for a terminal.
    func text(in log: EventLog, _ event: Event) -> String {
        switch self {
        case .logHeader: return log.banks.map(\.name).joined(separator: " ")
        case .startupLocality(let locality): return String(locality)
        case .separator(let value): return value == .other ? Self.hex(log, event.data) : value.rawValue
        case .referenceManifest(let text), .action(let text), .firmwareVersion(let text), .grubFile(let text),
            .shimVariable(let text), .systemdSection(let text), .systemdCommandLine(let text),
            .systemdArchive(let text), .text(let text):
            return text
        case .variable(let variable): return Self.text(variable, log)
        case .image(let image): return image.path.description
        case .partitionTable(let table): return "disk \(table.diskGUID), \(table.partitionCount) partitions"
        case .firmwareBlob(let name, let base, let count):
            let place = "0x" + String(base, radix: 16) + " + 0x" + String(count, radix: 16)
            return name.isEmpty ? place : name + " " + place
        case .grubText(_, let range): return String(decoding: log.bytes[range], as: UTF8.self)
        case .linuxLoadOptions: return "load options"
        case .linuxInitrd: return "initrd"
        case .systemdTag(let identifier): return Hexadecimal.prefixed(identifier)
        case .tag(let identifier, let range): return Hexadecimal.prefixed(identifier) + " " + Self.hex(log, range)
        case .opaque: return Self.hex(log, event.data)
        case .malformed(let error): return error.description
        case .unexpected(let expected): return "not " + expected
        }
    }

    private static func text(_ variable: VariableData, _ log: EventLog) -> String {
        let value = log.bytes[variable.value]
        let start = variable.vendor.description + " " + variable.name + ", \(value.count) bytes"
        if let option = log.loadOption(in: variable) { return start + ", \"" + option.title + "\" \(option.path)" }
        if variable.name == "SbatLevel" { return start + " " + String(decoding: value, as: UTF8.self) }
        return value.isEmpty || value.count > 64 ? start : start + " " + hex(log, variable.value)
    }

    /// The first 64 bytes.
    private static func hex(_ log: EventLog, _ range: Range<Int>) -> String {
        Hexadecimal.encode(log.bytes[range].prefix(64)) + (range.count > 64 ? "..." : "")
    }
}
