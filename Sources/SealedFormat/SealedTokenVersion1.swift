internal import BoundedBytes
internal import Cryptography
internal import JSON

/// Version 1 of the token.
///
/// Source: architecture.md, 4.1. TPM structures are Base64; digests, MACs and the name, which is a digest behind
/// its algorithm, are hexadecimal; handles are `0x…`. Unknown fields are refused, since whoever wrote them relies
/// on their being heeded. So are authority, counter and duplicate, which this version does not serve yet.
enum SealedTokenVersion1 {
    static let version: Int64 = 1

    /// Sizes of the largest TPMT_PUBLIC and _PRIVATE that the TSS's types hold (tss2_tpm2_types.h, 4.0), in bytes.
    private static let largestPublic = 612
    private static let largestPrivate = 1550
    private static let largestLabel = 128
    private static let policyCount = 1...32
    private static let pcrs = 0...23
    private static let persistentHandles: ClosedRange<UInt32> = 0x8100_0000...0x81FF_FFFF

    static func read(_ reader: inout TokenReader) throws(TokenError) -> SealedToken {
        let keyslot = try keyslot(&reader)
        var tpm = try reader.object("tpm2")
        try tpm.refuse(["authority", "counter"])
        let parent = try parent(tpm.object("parent"))
        let object = try object(tpm.object("object"))
        let policies = try policies(&tpm)
        try tpm.finish()
        let headerMAC = try reader.digest("header_mac", count: 32)
        let volumeKeyID = try reader.digest("volume_key_id", count: 32)
        try reader.finish()
        return SealedToken(
            keyslot: keyslot, parent: parent, object: object, policies: policies, headerMAC: headerMAC,
            volumeKeyID: volumeKeyID)
    }

    private static func keyslot(_ reader: inout TokenReader) throws(TokenError) -> Int {
        let ids = try reader.strings("keyslots")
        guard let text = ids.first, ids.count == 1 else { throw TokenError("keyslots", .wrongLength(ids.count)) }
        // LUKS2 has keyslots 0 to 31, written without leading zeros.
        guard let id = Int(text), (0...31).contains(id), "\(id)" == text else {
            throw TokenError("keyslots", .value(text))
        }
        return id
    }

    private static func parent(_ parent: consuming TokenReader) throws(TokenError) -> SealedToken.ParentKey {
        var parent = parent
        guard let handle = Hexadecimal.parsePrefixed(try parent.string("handle")), persistentHandles.contains(handle)
        else { throw TokenError(parent.path(of: "handle"), .notPersistentHandle) }
        let name = try parent.digest("name", count: 34)
        guard name.starts(with: [0x00, 0x0B]) else {
            throw TokenError(parent.path(of: "name"), .value(Hexadecimal.encode(name.prefix(2))))
        }
        let publicArea = try parent.sized("public", limit: largestPublic)
        try parent.finish()
        return SealedToken.ParentKey(handle: handle, name: name, publicArea: publicArea)
    }

    private static func object(_ object: consuming TokenReader) throws(TokenError) -> SealedToken.SealedObject {
        var object = object
        try object.refuse(["duplicate", "seed"])
        let sealed = SealedToken.SealedObject(
            publicArea: try object.sized("public", limit: largestPublic),
            privateArea: try object.sized("private", limit: largestPrivate))
        try object.finish()
        return sealed
    }

    private static func policies(_ tpm: inout TokenReader) throws(TokenError) -> [SealedToken.PCRPolicy] {
        let entries = try tpm.array("policies")
        guard policyCount.contains(entries.count) else {
            throw TokenError(tpm.path(of: "policies"), .wrongLength(entries.count))
        }
        var policies: [SealedToken.PCRPolicy] = []
        for (index, entry) in entries.enumerated() {
            let path = tpm.path(of: "policies") + "[\(index)]"
            policies.append(try policy(ObjectReader(entry, at: path, wrap: TokenError.member)))
        }
        return policies
    }

    private static func policy(_ policy: consuming TokenReader) throws(TokenError) -> SealedToken.PCRPolicy {
        var policy = policy
        try policy.refuse(["count", "signature"])
        let label = try policy.string("label")
        guard label.utf8.count <= largestLabel else {
            throw TokenError(policy.path(of: "label"), .wrongLength(label.utf8.count))
        }
        let bankName = try policy.string("bank")
        guard let bank = DigestAlgorithm(rawValue: bankName) else {
            throw TokenError(policy.path(of: "bank"), .value(bankName))
        }
        let pcrs = try pcrs(&policy)
        let digest = try policy.digest("digest", count: 32)
        let values = try values(policy.object("values"), bank: bank, pcrs: pcrs)
        try policy.finish()
        return SealedToken.PCRPolicy(label: label, bank: bank, pcrs: pcrs, digest: digest, values: values)
    }

    private static func pcrs(_ policy: inout TokenReader) throws(TokenError) -> [Int] {
        let path = policy.path(of: "pcrs")
        var list: [Int] = []
        for entry in try policy.array("pcrs") {
            guard let number = entry.integer, let pcr = Int(exactly: number), pcrs.contains(pcr),
                pcr > list.last ?? -1
            else { throw TokenError(path, .value(entry.compact)) }
            list.append(pcr)
        }
        guard !list.isEmpty else { throw TokenError(path, .wrongLength(0)) }
        return list
    }

    private static func values(
        _ reader: consuming TokenReader, bank: DigestAlgorithm, pcrs: [Int]
    ) throws(TokenError) -> [SealedToken.PCRPolicy.Value] {
        var reader = reader
        var values: [SealedToken.PCRPolicy.Value] = []
        for pcr in pcrs where reader.peek("\(pcr)") != nil {
            values.append(.init(pcr: pcr, digest: try reader.digest("\(pcr)", count: bank.byteCount)))
        }
        try reader.finish()
        return values
    }

    static func json(of token: SealedToken) -> JSONValue {
        .object([
            JSONMember("type", .string(SealedToken.type)),
            JSONMember("keyslots", .array([.string("\(token.keyslot)")])),
            JSONMember("version", .integer(version)),
            JSONMember(
                "tpm2",
                .object([
                    JSONMember("parent", json(of: token.parent)),
                    JSONMember("object", json(of: token.object)),
                    JSONMember("policies", .array(token.policies.map(json))),
                ])),
            JSONMember("header_mac", .string(Hexadecimal.encode(token.headerMAC))),
            JSONMember("volume_key_id", .string(Hexadecimal.encode(token.volumeKeyID))),
        ])
    }

    private static func json(of parent: SealedToken.ParentKey) -> JSONValue {
        .object([
            JSONMember("handle", .string(Hexadecimal.prefixed(parent.handle))),
            JSONMember("name", .string(Hexadecimal.encode(parent.name))),
            JSONMember("public", .string(Base64.encode(parent.publicArea))),
        ])
    }

    private static func json(of object: SealedToken.SealedObject) -> JSONValue {
        .object([
            JSONMember("public", .string(Base64.encode(object.publicArea))),
            JSONMember("private", .string(Base64.encode(object.privateArea))),
        ])
    }

    private static func json(of policy: SealedToken.PCRPolicy) -> JSONValue {
        let values = policy.values.map { JSONMember("\($0.pcr)", .string(Hexadecimal.encode($0.digest))) }
        return .object([
            JSONMember("label", .string(policy.label)),
            JSONMember("bank", .string(policy.bank.rawValue)),
            JSONMember("pcrs", .array(policy.pcrs.map { .integer(Int64($0)) })),
            JSONMember("digest", .string(Hexadecimal.encode(policy.digest))),
            JSONMember("values", .object(values)),
        ])
    }
}
