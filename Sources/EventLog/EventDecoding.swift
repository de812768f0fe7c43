internal import BoundedBytes

extension EventLog {
    /// Reads the data of `event` as its type and its PCR demand.
    public func content(of event: Event) -> EventContent {
        do throws(ByteError) { return try decode(event) } catch { return .malformed(error) }
    }

    private func decode(_ event: Event) throws(ByteError) -> EventContent {
        switch event.type {
        case .noAction: noActionContent(of: event)
        case .separator: .separator(separatorValue(of: event))
        case .action, .efiAction: actionContent(of: event)
        case .crtmVersion: versionContent(of: event)
        case .eventTag: try tagContent(of: event)
        case .ipl: loaderContent(of: event)
        case .variableDriverConfig, .variableBoot, .variableBoot2, .variableAuthority:
            .variable(try VariableData(bytes, event.data))
        case .bootServicesApplication, .bootServicesDriver, .runtimeServicesDriver:
            .image(try ImageLoad(bytes, event.data))
        case .gpt: .partitionTable(try PartitionTableData(bytes, event.data))
        case .firmwareBlob, .firmwareBlob2: try blobContent(of: event)
        case .postCode where event.data.count == 16: try blobContent(of: event)
        default: LogText.ascii(data(of: event)).map { .text($0) } ?? .opaque
        }
    }

    private func noActionContent(of event: Event) -> EventContent {
        let data = data(of: event)
        if data.starts(with: LogHeader.signature) { return .logHeader }
        if let locality = EventContent.startupLocality(in: data) { return .startupLocality(locality) }
        guard data.starts(with: Array("SP800-155 Event".utf8)) else { return .opaque }
        return .referenceManifest(LogText.ascii(data.prefix(16).prefix { $0 != 0 }) ?? "")
    }

    private func separatorValue(of event: Event) -> SeparatorValue {
        switch Array(data(of: event).prefix(5)) {
        case [0, 0, 0, 0]: .zeros
        case [0xFF, 0xFF, 0xFF, 0xFF]: .ones
        case Array("WBCL".utf8) where pcrs(of: event).overlaps(PCRSet(11...14)): .windows
        default: .other
        }
    }

    /// EFI actions are a closed list; other actions are any words but those.
    private func actionContent(of event: Event) -> EventContent {
        guard let text = LogText.ascii(data(of: event)), data(of: event).last != 0 else {
            return .unexpected("an ASCII string without NUL")
        }
        guard Self.efiActions.contains(text) == (event.type == .efiAction) else {
            return .unexpected(event.type == .efiAction ? "an action of the profile" : "no action of UEFI")
        }
        return .action(text)
    }

    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.4, table 29; the last from a log of edk2.
    private static let efiActions: Set<String> = [
        "Calling EFI Application from Boot Option", "Returning from EFI Application from Boot Option",
        "Exit Boot Services Invocation", "Exit Boot Services Failed", "Exit Boot Services Returned with Success",
        "UEFI Debug Mode", "DMA Protection Disabled", "Exit Boot Services Returned with Failure",
    ]

    private func versionContent(of event: Event) -> EventContent {
        let data = data(of: event)
        guard !data.isEmpty, separatorValue(of: event) == .other else { return .unexpected("a version") }
        // Only these forms: other records of PCR 0 hold vendors' bytes too, and hash them in the same way.
        if let text = data.last != 0 ? LogText.ascii(data) : nil { return .firmwareVersion(text) }
        if let text = LogText.utf16(data) { return .firmwareVersion(text) }
        if data.elementsEqual([0, 0]) { return .firmwareVersion("") }
        return GUID(bytes: Array(data)).map { .firmwareVersion($0.description) } ?? .opaque
    }

    /// TCG_PCClientTaggedEvent: identifier, size, data.
    private func tagContent(of event: Event) throws(ByteError) -> EventContent {
        var reader = ByteReader(bytes.span.extracting(0..<event.data.upperBound))
        try reader.skip(to: event.data.lowerBound)
        let identifier: UInt32 = try reader.integer()
        let count: UInt32 = try reader.integer()
        let start = reader.offset
        try reader.skip(Int(count))
        try reader.finish()
        let pcrs = pcrs(of: event)
        switch identifier {
        // Source: Linux 6.9, drivers/firmware/efi/libstub/efistub.h and efi-stub-helper.c.
        case 0x8F3B_22ED where pcrs.overlaps(PCRSet(9)): return .linuxLoadOptions
        case 0x8F3B_22EC where pcrs.overlaps(PCRSet(9)): return .linuxInitrd
        // Source: systemd, docs/TPM2_PCR_MEASUREMENTS.md: loader.conf, device trees, cmdline of add-ons.
        case 0xF5BC_582A where pcrs.overlaps(PCRSet(5)), 0x6C46_F751 where pcrs.overlaps(PCRSet(12)):
            return .systemdTag(identifier)
        case 0x8F3B_22EC, 0x8F3B_22ED, 0xF5BC_582A, 0x6C46_F751: return .unexpected("this tag in another PCR")
        default: return .tag(identifier, start..<reader.offset)
        }
    }

    /// UEFI_PLATFORM_FIRMWARE_BLOB, or BLOB2 with a counted name before it.
    private func blobContent(of event: Event) throws(ByteError) -> EventContent {
        var reader = ByteReader(bytes.span.extracting(0..<event.data.upperBound))
        try reader.skip(to: event.data.lowerBound)
        var name = ""
        if event.type == .firmwareBlob2 {
            let count: UInt8 = try reader.integer()
            name = String(decoding: try reader.bytes(Int(count)), as: UTF8.self)
        }
        let base: UInt64 = try reader.integer()
        let count: UInt64 = try reader.integer()
        try reader.finish()
        return .firmwareBlob(name: name, base: base, count: count)
    }
}
