internal import BoundedBytes
internal import Sealing

/// One PCR that differs from its value at enrolment. The old value comes from the token, which nobody has
/// authenticated yet: it explains, it decides nothing.
public struct ChangedPCR: Equatable, Sendable, CustomStringConvertible {
    public let index: Int
    public let enrolled: [UInt8]
    public let found: [UInt8]

    public var description: String {
        "PCR " + String(index) + " (" + PCRContent.describe(index) + ") is " + Hexadecimal.encode(found)
            + ", enrolled as "
            + Hexadecimal.encode(enrolled)
    }
}
