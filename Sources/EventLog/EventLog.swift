/// A TCG event log: which values were extended into which PCRs, in order, and what their writer says of them.
///
/// Source: TCG PC Client Platform Firmware Profile 1.06, section 10. Integers are little-endian. Nothing here
/// is authentic before a replay has been compared with PCRs that came from the TPM.
public struct EventLog: Sendable {
    public enum Format: String, Sendable {
        case cryptoAgile = "crypto-agile"
        case sha1Only = "sha1"
    }

    /// Where Linux shows the log of the first TPM, once securityfs is mounted.
    public static let kernelFile = "/sys/kernel/security/tpm0/binary_bios_measurements"

    public let bytes: [UInt8]
    public let format: Format
    /// In the order of the header.
    public let banks: [DigestBank]
    public let events: [Event]
    /// Bytes behind the last record, all 0x00 or all 0xFF.
    public let padding: Range<Int>

    /// Reads a whole log. It takes memory for `bytes` and 80 bytes a record, each at least 32 bytes long.
    ///
    /// - Throws: `EventLogError`, with the offset of what is wrong.
    public init(parsing bytes: [UInt8]) throws(EventLogError) {
        let records = try LogRecords(bytes)
        self.bytes = bytes
        format = records.banks == nil ? .sha1Only : .cryptoAgile
        banks = records.banks ?? [.sha1]
        events = records.events
        padding = records.end..<bytes.count
    }

    /// Source: Intel TDX "Guest-Host-Communication Interface" and UEFI 2.10, section 38.4.1: a CC measurement log
    /// has the format of a TPM log, with the index of a measurement register in the place of the PCR. Its header
    /// has index 1, where a TPM log's has 0.
    public var isConfidentialComputingLog: Bool { format == .cryptoAgile && events.first?.pcr == 1 }

    public func data(of event: Event) -> ArraySlice<UInt8> { bytes[event.data] }

    /// The digest that a record has for `bank`; nil where it has none.
    public func digest(of event: Event, in bank: DigestBank) -> ArraySlice<UInt8>? {
        if event.hasBareDigest { return bank == .sha1 ? bytes[event.digests] : nil }
        var offset = event.digests.lowerBound
        while offset < event.digests.upperBound {
            let identifier = UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
            guard let size = banks.first(where: { $0.identifier == identifier })?.byteCount else { return nil }
            if identifier == bank.identifier { return bytes[offset + 2..<offset + 2 + size] }
            offset += 2 + size
        }
        return nil
    }

    /// Some record that is extended has no digest for `bank`: the bank's replay cannot be the TPM's.
    public func isIncomplete(_ bank: DigestBank) -> Bool {
        events.contains { $0.isExtended && digest(of: $0, in: bank) == nil }
    }
}
