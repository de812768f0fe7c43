internal import BoundedBytes
internal import Cryptography
internal import JSON
internal import SNPABI
internal import Secrets

/// The file beside the encrypted state: for which launch it was made, so that a refusal can say what differs, and the
/// endorsement keys, whose making takes longer than all the rest of a start.
///
/// Its last member is an HMAC under the state's key: nobody but this guest on this chip can write it.
struct VTPMDescription: Equatable {
    static let version: Int64 = 1
    /// Longest file, in bytes.
    static let longest = 16384

    let identity: LaunchIdentity
    /// REPORTED_TCB when it was made: the chip's key, of which the state's key comes, is another one for each.
    let tcb: TCBVersion
    /// TPMT_PUBLIC of each.
    let endorsementKeys: [EndorsementKey: [UInt8]]
    private let code: [UInt8]

    /// - Parameter key: the one that the state is encrypted with.
    init(
        identity: LaunchIdentity, tcb: TCBVersion, endorsementKeys: [EndorsementKey: [UInt8]],
        key: borrowing SecretBytes
    ) throws(CryptographyError) {
        self.identity = identity
        self.tcb = tcb
        self.endorsementKeys = endorsementKeys
        code = try Self.code(identity, tcb, endorsementKeys, key)
    }

    /// Reads the file. What it says is somebody's claim until `isAuthentic`.
    init(parsing bytes: [UInt8], path: String) throws(SVSMError) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: bytes, mostValues: 64) } catch {
            throw .state(path: path, reason: error.description)
        }
        var reader = try ObjectReader(value, at: "") {
            SVSMError.state(path: path, reason: "a member is missing, unknown or of the wrong kind: " + $0.path)
        }
        let version = try reader.integer("version")
        guard version == Self.version else { throw .state(path: path, reason: "version \(version) is not known") }
        identity = LaunchIdentity(
            measurement: try Self.bytes("measurement", 48, &reader, path),
            policy: GuestPolicy(rawValue: Self.number(try Self.bytes("policy", 8, &reader, path))),
            chipID: try Self.bytes("chip", 64, &reader, path))
        tcb = TCBVersion(rawValue: Self.number(try Self.bytes("tcb", 8, &reader, path)))
        var keys: [EndorsementKey: [UInt8]] = [:]
        for key in EndorsementKey.allCases { keys[key] = try Self.bytes("ek-" + key.rawValue, nil, &reader, path) }
        endorsementKeys = keys
        code = try Self.bytes("hmac", 32, &reader, path)
        try reader.finish()
    }

    /// Whether it was written with this key.
    func isAuthentic(_ key: borrowing SecretBytes) throws(CryptographyError) -> Bool {
        MessageAuthentication.areEqual(code, try Self.code(identity, tcb, endorsementKeys, key))
    }

    var text: String {
        var members = [
            JSONMember("version", .integer(Self.version)), Self.member("measurement", identity.measurement),
            Self.member("policy", Self.bytes(of: identity.policy.rawValue)), Self.member("chip", identity.chipID),
            Self.member("tcb", Self.bytes(of: tcb.rawValue)),
        ]
        members += EndorsementKey.allCases.map { Self.member("ek-" + $0.rawValue, endorsementKeys[$0] ?? []) }
        return JSONValue.object(members + [Self.member("hmac", code)]).pretty + "\n"
    }

    private static func member(_ name: String, _ bytes: [UInt8]) -> JSONMember {
        JSONMember(name, .string(Hexadecimal.encode(bytes)))
    }

    private static func bytes(
        _ name: String, _ count: Int?, _ reader: inout ObjectReader<SVSMError>, _ path: String
    ) throws(SVSMError) -> [UInt8] {
        let text = try reader.string(name)
        guard let bytes = Hexadecimal.decode(text), count == nil || bytes.count == count else {
            throw .state(path: path, reason: name + " is not hexadecimal of its length")
        }
        return bytes
    }

    /// Big-endian, as people read them.
    private static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    private static func bytes(of number: UInt64) -> [UInt8] {
        var writer = ByteWriter()
        writer.bigEndian(number)
        return writer.bytes
    }

    private static func code(
        _ identity: LaunchIdentity, _ tcb: TCBVersion, _ keys: [EndorsementKey: [UInt8]], _ key: borrowing SecretBytes
    ) throws(CryptographyError) -> [UInt8] {
        var message = ByteWriter()
        message.lengthPrefixed("vtpm description")
        message.bigEndian(UInt64(version))
        message.lengthPrefixed(identity.measurement)
        message.bigEndian(identity.policy.rawValue)
        message.lengthPrefixed(identity.chipID)
        message.bigEndian(tcb.rawValue)
        for kind in EndorsementKey.allCases { message.lengthPrefixed(keys[kind] ?? []) }
        let own = try KeyDerivation.hkdfSHA256(key, info: "sealroot vtpm description", count: 32)
        return try MessageAuthentication.hmacSHA256(message.bytes, key: own)
    }
}
