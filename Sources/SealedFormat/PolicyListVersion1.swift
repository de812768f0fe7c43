internal import BoundedBytes
internal import Cryptography
internal import JSON

/// The list of policies in version 1 of the token.
struct PolicyListVersion1 {
    /// There is an authority, so each policy has its signature.
    let isSigned: Bool
    /// There is a counter, so each policy has a count.
    let isCounted: Bool

    private static let largestLabel = 128
    private static let mostPolicies = 32
    private static let pcrRange = 0...23

    func read(_ tpm: inout TokenReader) throws(TokenError) -> [SealedToken.PCRPolicy] {
        let entries = try tpm.array("policies")
        // An authority on another machine approves the first policy when the token is there already.
        guard entries.count <= Self.mostPolicies, !entries.isEmpty || isSigned else {
            throw TokenError(tpm.path(of: "policies"), .wrongLength(entries.count))
        }
        var policies: [SealedToken.PCRPolicy] = []
        for (index, entry) in entries.enumerated() {
            let path = tpm.path(of: "policies") + "[\(index)]"
            policies.append(try policy(ObjectReader(entry, at: path, wrap: TokenError.member)))
        }
        return policies
    }

    private func policy(_ policy: consuming TokenReader) throws(TokenError) -> SealedToken.PCRPolicy {
        var policy = policy
        let label = try policy.string("label")
        guard label.utf8.count <= Self.largestLabel else {
            throw TokenError(policy.path(of: "label"), .wrongLength(label.utf8.count))
        }
        let bankName = try policy.string("bank")
        guard let bank = DigestAlgorithm(rawValue: bankName) else {
            throw TokenError(policy.path(of: "bank"), .value(bankName))
        }
        let pcrs = try Self.pcrs(&policy)
        let digest = try policy.digest("digest", count: 32)
        let values = try Self.values(policy.object("values"), bank: bank, pcrs: pcrs)
        let count = isCounted ? UInt64(try policy.number("count", in: 0...Int64.max)) : nil
        let signature = isSigned ? try policy.bytes("signature", count: 64) : nil
        try policy.finish()
        return SealedToken.PCRPolicy(
            label: label, bank: bank, pcrs: pcrs, digest: digest, values: values, count: count, signature: signature)
    }

    private static func pcrs(_ policy: inout TokenReader) throws(TokenError) -> [Int] {
        let path = policy.path(of: "pcrs")
        var list: [Int] = []
        for entry in try policy.array("pcrs") {
            guard let number = entry.integer, let pcr = Int(exactly: number), Self.pcrRange.contains(pcr),
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

    static func json(of policy: SealedToken.PCRPolicy) -> JSONValue {
        let values = policy.values.map { JSONMember("\($0.pcr)", .string(Hexadecimal.encode($0.digest))) }
        var members = [
            JSONMember("label", .string(policy.label)),
            JSONMember("bank", .string(policy.bank.rawValue)),
            JSONMember("pcrs", .array(policy.pcrs.map { .integer(Int64($0)) })),
            JSONMember("digest", .string(Hexadecimal.encode(policy.digest))),
            JSONMember("values", .object(values)),
        ]
        if let count = policy.count { members.append(JSONMember("count", .integer(Int64(clamping: count)))) }
        if let signature = policy.signature {
            members.append(JSONMember("signature", .string(Base64.encode(signature))))
        }
        return .object(members)
    }
}
