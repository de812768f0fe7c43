internal import BoundedBytes
internal import Cryptography
internal import SealedFormat
internal import Sealing
internal import TPM

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

    static func list(_ changes: [ChangedPCR]) -> String {
        "measurements changed: " + changes.map { $0.description }.joined(separator: "; ")
    }

    static func changes(from policy: SealedToken.PCRPolicy, to values: [PCRValue]) -> [ChangedPCR] {
        values.compactMap { value in
            guard let enrolled = policy.values.first(where: { $0.pcr == value.index }), enrolled.digest != value.digest
            else { return nil }
            return ChangedPCR(index: value.index, enrolled: enrolled.digest, found: value.digest)
        }
    }

    /// As a refused policy tells: from the first one, and none where some policy has these values.
    ///
    /// - Parameter values: of the SHA-256 bank; policies of another one are left out.
    static func changes(from policies: [SealedToken.PCRPolicy], to values: [PCRValue]) -> [ChangedPCR] {
        let all = policies.filter { $0.bank == .sha256 }.map { changes(from: $0, to: values) }
        return all.contains { $0.isEmpty } ? [] : all.first ?? []
    }
}
