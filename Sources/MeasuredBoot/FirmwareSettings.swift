internal import BoundedBytes
internal import EventLog

/// The firmware's variables as far as a log shows them: Secure Boot's, and shim's level.
enum FirmwareSettings {
    /// Files of efivarfs: `NAME-GUID`, with the attributes in four bytes before the value.
    static func files(of log: EventLog) -> [(name: String, content: [UInt8])] {
        var files: [(name: String, content: [UInt8])] = []
        for event in log.events {
            guard event.type == .variableDriverConfig || event.type == .variableAuthority,
                case .variable(let found) = log.content(of: event)
            else { continue }
            let isLevel = event.type == .variableAuthority && found.name == "SbatLevel"
            guard event.type == .variableDriverConfig || isLevel, !found.value.isEmpty else { continue }
            let name = (isLevel ? "SbatLevelRT" : found.name) + "-" + found.vendor.description
            files.append((name, [attributes(of: found.name), 0, 0, 0] + log.bytes[found.value]))
        }
        return files
    }

    /// EFI_VARIABLE_BOOTSERVICE_ACCESS 2 and RUNTIME_ACCESS 4; for what only a signed update changes also NON_VOLATILE 1
    /// and TIME_BASED_AUTHENTICATED_WRITE_ACCESS 0x20. Source: UEFI 2.10, section 8.2.
    private static func attributes(of name: String) -> UInt8 {
        ["PK", "KEK", "db", "dbx"].contains(name) ? 0x27 : 0x06
    }
}
