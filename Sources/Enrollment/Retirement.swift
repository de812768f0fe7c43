internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import SealedFormat
internal import TPM

/// What a rotation makes useless once the new token is in its place: noted beside the keys before it, so that a power cut
/// leaves nothing that still opens the volume for whoever knows the old secret.
struct Retirement: Equatable {
    let keyslot: Int
    /// The counter and its authority, where they are not kept.
    let counterHandle: UInt32?
    let authorityPublic: [UInt8]?

    init(of old: EnrolledVolume, _ maker: PolicyMaker, unlessKept new: Approvals) {
        keyslot = old.token.keyslot
        let isKept = maker.authority == new.authority
        counterHandle = isKept ? nil : maker.counter?.handle
        authorityPublic = isKept ? nil : maker.authority?.publicArea
    }

    private static let noReference = [UInt8](repeating: 0, count: 32)

    private func authority() throws(EnrollmentError) -> PolicyAuthority? {
        guard let authorityPublic else { return nil }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try PolicyAuthority(publicArea: authorityPublic, reference: Self.noReference)
        }
    }

    var authorityName: [UInt8]? {
        get throws(EnrollmentError) { try authority()?.name }
    }

    func revocationCounter() throws(EnrollmentError) -> RevocationCounter? {
        guard let counterHandle, let authority = try authority() else { return nil }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try RevocationCounter(handle: counterHandle, authority: authority)
        }
    }

    fileprivate var json: JSONValue {
        var members = [JSONMember("keyslot", .integer(Int64(keyslot)))]
        if let counterHandle { members.append(JSONMember("counter", .string(Hexadecimal.prefixed(counterHandle)))) }
        if let authorityPublic { members.append(JSONMember("authority", .string(Base64.encode(authorityPublic)))) }
        return .object(members)
    }

    fileprivate init?(_ json: JSONValue) {
        guard let keyslot = json["keyslot"]?.integer, (0...31).contains(keyslot) else { return nil }
        self.keyslot = Int(keyslot)
        counterHandle = json["counter"]?.string.flatMap(Hexadecimal.parsePrefixed)
        authorityPublic = json["authority"]?.string.flatMap(Base64.decode)
    }
}

extension AuthorityStore {
    private static let longestNote = 4096

    func note(_ retirement: Retirement, for uuid: String) throws(EnrollmentError) {
        let path = try notePath(uuid)
        try rethrow(as: EnrollmentError.file) { () throws(FileError) in
            try FileBytes.replace(path, with: Array((retirement.json.compact + "\n").utf8))
        }
    }

    /// What a rotation of that volume has left to do; nil where there is nothing.
    func retirement(for uuid: String) throws(EnrollmentError) -> Retirement? {
        let path = try notePath(uuid)
        guard PathWaiter.isPresent(path) else { return nil }
        let bytes = try rethrow(as: EnrollmentError.file) { () throws(FileError) in
            try FileBytes.read(path, limit: Self.longestNote)
        }
        guard let json = try? JSONValue(parsing: bytes), let retirement = Retirement(json) else {
            throw .noteMalformed(path)
        }
        return retirement
    }

    func forgetRetirement(for uuid: String) throws(EnrollmentError) {
        let path = try notePath(uuid)
        try rethrow(as: EnrollmentError.file) { () throws(FileError) in try FileBytes.remove(path) }
    }

    /// The UUID comes from the disk: its digest is a name that no disk can choose.
    private func notePath(_ uuid: String) throws(EnrollmentError) -> String {
        let digest = try hashing { () throws(CryptographyError) in
            try DigestAlgorithm.sha256.hash(Array(uuid.utf8))
        }
        return folder + "/rotation-" + Hexadecimal.encode(digest.prefix(8)) + ".json"
    }
}
