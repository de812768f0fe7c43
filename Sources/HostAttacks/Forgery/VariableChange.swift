internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog

/// What a host does to the firmware's variables, which are in a file of its own.
enum VariableChange: Sendable {
    case secureBootOff
    /// Empties dbx.
    case forbidNothing
    /// Puts its own certificate into db, beside the others.
    case allowOwn
    /// Puts its own certificate into shim's list.
    case enrollOwn
    /// Has shim demand no more than when SBAT came up.
    case lowerLevel

    /// The log of a boot with the firmware's own variables, as it is with the changed ones; nil where the log has no
    /// event that would be another.
    ///
    /// - Parameter certificate: the host's, X.509 in DER.
    func log(_ log: EventLog, certificate: [UInt8]) throws(CryptographyError) -> [UInt8]? {
        var bytes = log.bytes
        for event in log.events.reversed() {
            guard let content = content(event, log, certificate) else { continue }
            let record = event.offset..<event.data.upperBound
            switch content {
            case .none: bytes.removeSubrange(record)
            case .variable(let data):
                bytes.replaceSubrange(record, with: try Self.record(event, log, hashing: data, data))
            case .text(let data):
                bytes.replaceSubrange(
                    record, with: try Self.record(event, log, hashing: data, Array(log.data(of: event))))
            }
        }
        return bytes == log.bytes ? nil : bytes
    }

    /// What becomes of an event.
    private enum Content {
        case none
        case variable([UInt8])
        /// The event says only whose contents were measured.
        case text([UInt8])
    }

    private func content(_ event: Event, _ log: EventLog, _ certificate: [UInt8]) -> Content? {
        switch (self, log.content(of: event)) {
        case (.secureBootOff, .variable(let found)) where event.type == .variableAuthority:
            // What is not verified has no authority; shim's level is measured all the same.
            return found.name == "SbatLevel" ? nil : Content.none
        case (.secureBootOff, .variable(let found)) where found.name == "SecureBoot":
            return .variable(Self.measured(found, [0]))
        case (.forbidNothing, .variable(let found)) where found.name == "dbx":
            return .variable(Self.measured(found, []))
        case (.allowOwn, .variable(let found)) where found.name == "db" && event.type == .variableDriverConfig:
            return .variable(Self.measured(found, log.bytes[found.value] + Self.list(certificate)))
        case (.lowerLevel, .variable(let found)) where found.name == "SbatLevel":
            return .variable(Self.measured(found, Array("sbat,1,2021030218\n".utf8)))
        case (.enrollOwn, .shimVariable("MokList")): return .text(Self.list(certificate))
        default: return nil
        }
    }

    /// UEFI_VARIABLE_DATA. Source: TCG PC Client Platform Firmware Profile 1.06, section 10.4.3.
    private static func measured(_ variable: VariableData, _ value: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(variable.vendor.bytes)
        writer.littleEndian(UInt64(variable.name.utf16.count))
        writer.littleEndian(UInt64(value.count))
        for unit in variable.name.utf16 { writer.littleEndian(unit) }
        writer.append(value)
        return writer.bytes
    }

    /// EFI_SIGNATURE_LIST of EFI_CERT_X509_GUID, whose owner is nobody. Source: UEFI 2.10, section 32.4.1.
    private static func list(_ certificate: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(SignatureList.x509.bytes)
        writer.littleEndian(UInt32(28 + 16 + certificate.count))
        writer.littleEndian(UInt32(0))
        writer.littleEndian(UInt32(16 + certificate.count))
        writer.append([UInt8](repeating: 0, count: 16) + certificate)
        return writer.bytes
    }

    private static func record(
        _ event: Event, _ log: EventLog, hashing measured: [UInt8], _ data: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        var digests: [(bank: DigestBank, bytes: [UInt8])] = []
        for bank in log.banks {
            if let algorithm = bank.algorithm { digests.append((bank, try algorithm.hash(measured))) }
        }
        return EventRecord.bytes(pcr: event.pcr, type: event.type, digests: digests, data: data)
    }
}
