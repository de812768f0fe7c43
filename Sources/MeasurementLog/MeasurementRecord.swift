internal import BoundedBytes
public import Cryptography
internal import JSON

/// One extension of one PCR, as the log of the running system tells it.
///
/// Source: systemd 255 to 261, docs/TPM2_PCR_MEASUREMENTS.md and src/shared/tpm2-util.c; TCG Canonical Event Log
/// Format 1.0, section "JSON", of which it is a part: no record number, and a sequence (RFC 7464) in the place of an
/// array, so that a record is only ever appended.
public struct MeasurementRecord: Equatable, Sendable {
    public struct Digest: Equatable, Sendable {
        public let algorithm: DigestAlgorithm
        public let bytes: [UInt8]

        public init(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) {
            self.algorithm = algorithm
            self.bytes = bytes
        }
    }

    /// What systemd calls an event of ours, where it has a name for it.
    public enum EventType: String, Sendable {
        case volumeKey = "volume-key"
    }

    public let pcr: Int
    /// What each bank was extended with.
    public let digests: [Digest]
    /// What was measured, for people: it holds no secret.
    public let text: String
    public let eventType: EventType?

    public init(pcr: Int, digests: [Digest], text: String, eventType: EventType? = nil) {
        self.pcr = pcr
        self.digests = digests
        self.text = text
        self.eventType = eventType
    }

    /// A record separator, the JSON object on one line, a line feed.
    ///
    /// - Parameter bootID: 32 hexadecimal digits.
    /// - Parameter microseconds: since boot, sleep included.
    func encoded(bootID: String, microseconds: Int64) -> [UInt8] {
        let digests = digests.map { digest in
            JSONValue.object([
                JSONMember("hashAlg", .string(digest.algorithm.rawValue)),
                JSONMember("digest", .string(Hexadecimal.encode(digest.bytes))),
            ])
        }
        var content = [
            JSONMember("string", .string(text)), JSONMember("bootId", .string(bootID)),
            JSONMember("timestamp", .integer(microseconds)),
        ]
        if let eventType { content.append(JSONMember("eventType", .string(eventType.rawValue))) }
        let object = JSONValue.object([
            JSONMember("pcr", .integer(Int64(pcr))), JSONMember("digests", .array(digests)),
            JSONMember("content_type", .string("systemd")), JSONMember("content", .object(content)),
        ])
        return [0x1E] + Array(object.compact.utf8) + [0x0A]
    }
}
