internal import BoundedBytes
public import Cryptography
internal import InitramfsRuntime
public import JSON
internal import SealedFormat
internal import TPM

/// Something that an authority on another machine is asked to approve. It travels as a JSON file there, and back with a
/// signature; nothing in it is secret, and nothing of it is believed when it comes back.
public struct PolicyRequest: Equatable, Sendable {
    public enum Subject: Equatable, Sendable {
        /// A boot, under a limit of the counter where there is one.
        case boot(ExpectedBoot, bank: DigestAlgorithm, limit: UInt64?)
        /// One step of the counter; nil is the first, which makes it readable.
        case step(from: UInt64?)
    }

    public let subject: Subject
    /// What the authority signs, by ECDSA over SHA-256: policy digest, then policy reference.
    ///
    /// Source: TCG TPM 2.0 Library, Part 3, section 23.16 (TPM2_PolicyAuthorize).
    public let message: [UInt8]

    private static let version: Int64 = 1

    public var json: JSONValue {
        var members = [JSONMember("version", .integer(Self.version))]
        switch subject {
        case .boot(let boot, let bank, let limit):
            let values = boot.values.map { JSONMember(String($0.index), .string(Hexadecimal.encode($0.digest))) }
            members += [
                JSONMember("kind", .string("boot")), JSONMember("label", .string(boot.label)),
                JSONMember("bank", .string(bank.rawValue)), JSONMember("values", .object(values)),
                JSONMember("count", limit.map { .integer(Int64(clamping: $0)) } ?? .null),
            ]
        case .step(let value):
            members += [
                JSONMember("kind", .string("step")),
                JSONMember("from", value.map { .integer(Int64(clamping: $0)) } ?? .null),
            ]
        }
        members.append(JSONMember("message", .string(Hexadecimal.encode(message))))
        return .object(members)
    }

    init(_ subject: Subject, message: [UInt8]) {
        self.subject = subject
        self.message = message
    }

    public init(_ json: JSONValue) throws(EnrollmentError) {
        var reader = try ObjectReader(json, at: "", wrap: Self.wrong)
        guard try reader.integer("version") == Self.version else { throw .requestMalformed("version") }
        let kind = try reader.string("kind")
        switch kind {
        case "boot":
            let label = try reader.string("label")
            guard let bank = DigestAlgorithm(rawValue: try reader.string("bank")) else {
                throw .requestMalformed("bank")
            }
            let limit = try Self.count(reader.value("count"), "count")
            var values: [PCRValue] = []
            var entries = try reader.object("values")
            for entry in entries.rest() {
                guard let index = Int(entry.name), 0..<24 ~= index, let text = entry.value.string,
                    let digest = Hexadecimal.decode(text), digest.count == bank.byteCount
                else { throw .requestMalformed("values") }
                values.append(PCRValue(index: index, digest: digest))
            }
            subject = .boot(
                ExpectedBoot(label: label, values: values.sorted { $0.index < $1.index }), bank: bank, limit: limit)
        case "step": subject = .step(from: try Self.count(reader.value("from"), "from"))
        default: throw .requestMalformed("kind")
        }
        guard let message = Hexadecimal.decode(try reader.string("message")) else { throw .requestMalformed("message") }
        self.message = message
        try reader.finish()
    }

    private static func wrong(_ error: MemberError) -> EnrollmentError { .requestMalformed(error.path) }

    private static func count(_ json: JSONValue, _ name: String) throws(EnrollmentError) -> UInt64? {
        if json == .null { return nil }
        guard let number = json.integer, number >= 0 else { throw .requestMalformed(name) }
        return UInt64(number)
    }
}
