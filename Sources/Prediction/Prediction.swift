public import Cryptography

/// What the next boot will measure: events, and the values that they lead to.
public struct Prediction: Sendable {
    /// The PCRs that are predicted: those that firmware settings and disks do not decide.
    public static let pcrs: [UInt32] = [4, 7, 8, 9, 11, 12, 14]

    /// The banks, in the order of the log's header; one that libcrypto cannot compute is left out.
    public let algorithms: [DigestAlgorithm]
    /// In the order in which they are measured. Behind a gap of their PCR they are only what is known.
    public let events: [PredictedEvent]
    public let gaps: [PredictionGap]
    /// The titles of the menu entry and of the submenus around it; empty where GRUB boots nothing.
    public let entry: [String]

    /// The lists that shim measures into PCR 14 and leaves for the kernel, such as MokList, as far as they are known.
    public let lists: [(name: String, value: [UInt8])]

    public var isComplete: Bool { gaps.isEmpty }

    /// One PCR after the boot: zero where nothing is measured, nil where a gap leaves it open.
    public func value(of pcr: UInt32, _ algorithm: DigestAlgorithm) throws(CryptographyError) -> [UInt8]? {
        guard let bank = algorithms.firstIndex(of: algorithm), !gaps.contains(where: { $0.pcrs.contains(pcr) }) else {
            return nil
        }
        var value = [UInt8](repeating: 0, count: algorithm.byteCount)
        for event in events where event.pcr == pcr { value = try algorithm.hash(value + event.digests[bank]) }
        return value
    }
}
