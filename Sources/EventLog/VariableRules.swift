internal import BoundedBytes

/// Which variables an event type is about. Two types of event have the same structure and, often, the same digest;
/// the variable's name, vendor and form tell them apart.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4.8 and 10.4.4; shim, `mok.c` and `tpm.c`.
extension EventLog {
    func isExpected(_ variable: VariableData, in event: Event) -> Bool {
        let value = bytes[variable.value]
        switch event.type {
        case .variableBoot: return Self.isBootVariable(variable) && (variable.extra == 0 || format == .sha1Only)
        case .variableBoot2: return Self.isBootVariable(variable) && variable.extra == 0
        case .variableAuthority:
            return (variable.extra == 0 || variable.extra == 6) && Self.isAuthority(variable, value)
        default:
            guard variable.extra == 0, !Self.isBootVariable(variable) else { return false }
            return !pcrs(of: event).overlaps(PCRSet(7)) || isSecureBootVariable(variable, value, in: event)
        }
    }

    /// `BootOrder`, `Boot0000` and their kin.
    private static func isBootVariable(_ variable: VariableData) -> Bool {
        guard variable.vendor == .globalVariable else { return false }
        let name = Array(variable.name.utf8)
        for prefix in ["Boot", "Driver", "SysPrep", "PlatformRecovery"] where name.starts(with: prefix.utf8) {
            let rest = name.dropFirst(prefix.utf8.count)
            if rest.elementsEqual("Order".utf8) || rest.elementsEqual("Next".utf8) { return true }
            if rest.count == 4, rest.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }) {
                return true
            }
        }
        return false
    }

    private func isSecureBootVariable(_ variable: VariableData, _ value: ArraySlice<UInt8>, in event: Event) -> Bool {
        // A measurement register of TDX holds PCR 1 too, where any variable may be.
        if pcrs(of: event).overlaps(PCRSet(1)), variable.vendor != .globalVariable,
            variable.vendor != .securityDatabase, variable.vendor != .shim
        {
            return true
        }
        switch (variable.vendor, variable.name) {
        case (.globalVariable, "SecureBoot"), (.globalVariable, "AuditMode"), (.globalVariable, "DeployedMode"):
            return value.count <= 1
        case (.globalVariable, "PK"), (.globalVariable, "KEK"), (.securityDatabase, "db"), (.securityDatabase, "dbx"),
            (.securityDatabase, "dbt"), (.securityDatabase, "dbr"):
            return Self.isSignatureLists(value)
        // shim of 2017 measured its own lists as configuration.
        case (.shim, "MokList"), (.shim, "MokListX"): return Self.isSignatureLists(value)
        default: return false
        }
    }

    /// One signature of a list, or what stands for one.
    private static func isAuthority(_ variable: VariableData, _ value: ArraySlice<UInt8>) -> Bool {
        switch (variable.vendor, variable.name) {
        case (.securityDatabase, "db"), (.securityDatabase, "dbr"), (.shim, "MokList"), (.shim, "MokListRT"),
            (.shim, "Shim"), (.shim, "vendor_db"):
            // Old shims leave out the owner's GUID, so a bare certificate is right too.
            return isCertificate(value) || (value.count > 16 && !isSignatureLists(value))
        case (.shim, "SbatLevel"): return value.starts(with: Array("sbat,1,".utf8))
        case (.shim, "MokSBState"), (.shim, "MokListTrusted"): return value.count == 1
        default: return false
        }
    }

    /// DER of a SEQUENCE with a length of two bytes that fits.
    private static func isCertificate(_ value: ArraySlice<UInt8>) -> Bool {
        let head = Array(value.prefix(4))
        guard head.count == 4, head[0] == 0x30, head[1] == 0x82 else { return false }
        return Int(head[2]) << 8 + Int(head[3]) + 4 == value.count
    }

    /// EFI_SIGNATURE_LISTs, end to end, or nothing: type GUID, list size at 16, header size, signature size.
    private static func isSignatureLists(_ value: ArraySlice<UInt8>) -> Bool {
        var offset = value.startIndex
        while offset < value.endIndex {
            guard value.endIndex - offset >= 28 else { return false }
            var size = 0
            for index in (16..<20).reversed() { size = size << 8 | Int(value[offset + index]) }
            guard size >= 28, size <= value.endIndex - offset else { return false }
            offset += size
        }
        return true
    }
}
