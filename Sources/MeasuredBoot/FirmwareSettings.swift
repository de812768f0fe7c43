internal import BoundedBytes
internal import EventLog

/// The firmware's variables as far as a log shows them, and what shim leaves for the kernel.
enum FirmwareSettings {
    /// Files of efivarfs: `NAME-GUID`, with the attributes in four bytes before the value.
    ///
    /// - Parameter lists: shim's, by the names that it measures them under. Source: rhboot/shim `mok.c`: the kernel gets
    ///   each under its name and `RT`.
    static func files(
        of log: EventLog, lists: [(name: String, value: [UInt8])]
    ) -> [(name: String, content: [UInt8])] {
        var files: [(name: String, content: [UInt8])] = []
        for event in log.events {
            guard event.type == .variableDriverConfig || event.type == .variableAuthority,
                case .variable(let found) = log.content(of: event)
            else { continue }
            let isLevel = event.type == .variableAuthority && found.name == "SbatLevel"
            guard event.type == .variableDriverConfig || isLevel, !found.value.isEmpty else { continue }
            let name = (isLevel ? "SbatLevelRT" : found.name) + "-" + found.vendor.description
            files.append((name, [attributes(of: found.name), 0, 0, 0] + log.bytes[found.value]))
            // Firmware that has a platform key is not in its setup. Source: UEFI 2.10, section 32.3.
            if found.name == "PK" { files.append(("SetupMode-" + found.vendor.description, [6, 0, 0, 0, 0])) }
        }
        for (name, value) in lists { files.append((name + "RT-" + GUID.shim.description, [6, 0, 0, 0] + value)) }
        return files
    }

    /// EFI_VARIABLE_BOOTSERVICE_ACCESS 2 and RUNTIME_ACCESS 4; for what only a signed update changes also NON_VOLATILE 1
    /// and TIME_BASED_AUTHENTICATED_WRITE_ACCESS 0x20. Source: UEFI 2.10, section 8.2.
    private static func attributes(of name: String) -> UInt8 {
        ["PK", "KEK", "db", "dbx"].contains(name) ? 0x27 : 0x06
    }
}
