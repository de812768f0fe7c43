internal import BoundedBytes
internal import JSON

extension SealedTokenVersion1 {
    static func json(of token: SealedToken) -> JSONValue {
        var tpm = [JSONMember("parent", json(of: token.parent)), JSONMember("object", json(of: token.object))]
        if let authority = token.authority { tpm.append(JSONMember("authority", json(of: authority))) }
        if let counter = token.counter { tpm.append(JSONMember("counter", .string(Hexadecimal.prefixed(counter)))) }
        tpm.append(JSONMember("policies", .array(token.policies.map(PolicyListVersion1.json))))
        var members = [
            JSONMember("type", .string(SealedToken.type)),
            JSONMember("keyslots", .array([.string("\(token.keyslot)")])),
            JSONMember("version", .integer(version)),
            JSONMember("tpm2", .object(tpm)),
        ]
        if let selection = token.secondFactor { members.append(JSONMember("snp", json(of: selection))) }
        members.append(JSONMember("header_mac", .string(Hexadecimal.encode(token.headerMAC))))
        members.append(JSONMember("volume_key_id", .string(Hexadecimal.encode(token.volumeKeyID))))
        return .object(members)
    }

    private static func json(of parent: SealedToken.ParentKey) -> JSONValue {
        .object([
            JSONMember("handle", .string(Hexadecimal.prefixed(parent.handle))),
            JSONMember("name", .string(Hexadecimal.encode(parent.name))),
            JSONMember("public", .string(Base64.encode(parent.publicArea))),
        ])
    }

    private static func json(of object: SealedToken.SealedObject) -> JSONValue {
        let area = JSONMember("public", .string(Base64.encode(object.publicArea)))
        switch object.wrapped {
        case .native(let bytes): return .object([area, JSONMember("private", .string(Base64.encode(bytes)))])
        case .duplicate(let bytes, let seed):
            return .object([
                area, JSONMember("duplicate", .string(Base64.encode(bytes))),
                JSONMember("seed", .string(Base64.encode(seed))),
            ])
        }
    }

    private static func json(of authority: SealedToken.Authority) -> JSONValue {
        .object([
            JSONMember("public", .string(Base64.encode(authority.publicArea))),
            JSONMember("ref", .string(Base64.encode(authority.reference))),
        ])
    }

    private static func json(of selection: DerivedKeySelection) -> JSONValue {
        let tcb = (0..<8).reversed().map { UInt8(truncatingIfNeeded: selection.tcbVersion >> (8 * UInt64($0))) }
        return .object([
            JSONMember("root_key", .string(selection.rootKey.rawValue)),
            JSONMember("fields", .array(selection.fields.map { .string($0.rawValue) })),
            JSONMember("vmpl", .integer(Int64(selection.vmpl))),
            JSONMember("guest_svn", .integer(Int64(selection.guestSVN))),
            JSONMember("tcb_version", .string(Hexadecimal.encode(tcb))),
        ])
    }
}
