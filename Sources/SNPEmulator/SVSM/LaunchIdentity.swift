internal import BoundedBytes
public import SNPABI

/// To which guest a vTPM belongs: what its key is derived from, besides the chip's secret.
///
/// The security version and the other values of an ID block are not in it, nor are the patch levels of the firmware:
/// after an update the guest must still find its TPM. Whether they are high enough is for the verifier to say.
public struct LaunchIdentity: Equatable, Sendable {
    /// Launch digest, 48 bytes.
    public let measurement: [UInt8]
    public let policy: GuestPolicy
    /// CHIP_ID, 64 bytes; all zero where the platform masks it.
    public let chipID: [UInt8]

    /// From a report of this guest.
    public init(_ report: AttestationReport) {
        measurement = report.measurement
        policy = report.policy
        chipID = report.chipID
    }

    init(measurement: [UInt8], policy: GuestPolicy, chipID: [UInt8]) {
        self.measurement = measurement
        self.policy = policy
        self.chipID = chipID
    }

    /// What a state that was made for `other` would have to be for this launch, a line each.
    func differences(from other: LaunchIdentity) -> [String] {
        var lines: [String] = []
        func compare(_ name: String, _ made: String, _ now: String) {
            if made != now { lines.append(name + ": made for " + made + ", now " + now) }
        }
        compare("measurement", Hexadecimal.encode(other.measurement), Hexadecimal.encode(measurement))
        compare("policy", "0x" + String(other.policy.rawValue, radix: 16), "0x" + String(policy.rawValue, radix: 16))
        compare("chip", Hexadecimal.encode(other.chipID), Hexadecimal.encode(chipID))
        return lines
    }
}
