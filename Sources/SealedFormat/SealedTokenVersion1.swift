internal import BoundedBytes
internal import Cryptography
internal import JSON

/// Version 1 of the token.
///
/// Source: architecture.md, 4.1. TPM structures are Base64; digests, MACs and the name, which is a digest behind
/// its algorithm, are hexadecimal; handles are `0x…`. Unknown fields are refused, since whoever wrote them relies
/// on their being heeded.
enum SealedTokenVersion1 {
    static let version: Int64 = 1

    /// Sizes of the largest TPMT_PUBLIC and _PRIVATE that the TSS's types hold (tss2_tpm2_types.h, 4.0), in bytes.
    private static let largestPublic = 612
    private static let largestPrivate = 1550
    /// TPM2B_ENCRYPTED_SECRET, which is as long as an RSA modulus.
    private static let largestSeed = 512
    private static let persistentHandles: ClosedRange<UInt32> = 0x8100_0000...0x81FF_FFFF
    /// Source: TCG Registry of Reserved TPM 2.0 Handles and Localities, 1.1, section 2.2.2.
    private static let ownerIndices: ClosedRange<UInt32> = 0x0180_0000...0x01BF_FFFF

    static func read(_ reader: inout TokenReader) throws(TokenError) -> SealedToken {
        let keyslot = try keyslot(&reader)
        var tpm = try reader.object("tpm2")
        let parent = try parent(tpm.object("parent"))
        let object = try object(tpm.object("object"))
        let authority = tpm.peek("authority") == nil ? nil : try authority(tpm.object("authority"))
        let counter = try authority == nil ? nil : counter(&tpm)
        let policies = try PolicyListVersion1(isSigned: authority != nil, isCounted: counter != nil).read(&tpm)
        try tpm.finish()
        let secondFactor = reader.peek("snp") == nil ? nil : try derivedKey(reader.object("snp"))
        let headerMAC = try reader.digest("header_mac", count: 32)
        let volumeKeyID = try reader.digest("volume_key_id", count: 32)
        try reader.finish()
        return SealedToken(
            keyslot: keyslot, parent: parent, object: object, authority: authority, counter: counter,
            policies: policies, secondFactor: secondFactor, headerMAC: headerMAC, volumeKeyID: volumeKeyID)
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
        let publicArea = try object.sized("public", limit: largestPublic)
        let wrapped: SealedToken.SealedObject.Wrapped
        if object.peek("duplicate") != nil {
            wrapped = .duplicate(
                try object.sized("duplicate", limit: largestPrivate), seed: try object.sized("seed", limit: largestSeed)
            )
        } else {
            wrapped = .native(try object.sized("private", limit: largestPrivate))
        }
        try object.finish()
        return SealedToken.SealedObject(publicArea: publicArea, wrapped: wrapped)
    }

    private static func authority(_ authority: consuming TokenReader) throws(TokenError) -> SealedToken.Authority {
        var authority = authority
        let value = SealedToken.Authority(
            publicArea: try authority.sized("public", limit: largestPublic),
            reference: try authority.bytes("ref", count: 32))
        try authority.finish()
        return value
    }

    private static func counter(_ tpm: inout TokenReader) throws(TokenError) -> UInt32? {
        guard tpm.peek("counter") != nil else { return nil }
        guard let index = Hexadecimal.parsePrefixed(try tpm.string("counter")), ownerIndices.contains(index) else {
            throw TokenError(tpm.path(of: "counter"), .notOwnerIndex)
        }
        return index
    }

    private static func derivedKey(_ snp: consuming TokenReader) throws(TokenError) -> DerivedKeySelection {
        var snp = snp
        let rootName = try snp.string("root_key")
        guard let rootKey = DerivedKeySelection.RootKey(rawValue: rootName) else {
            throw TokenError(snp.path(of: "root_key"), .value(rootName))
        }
        let names = try snp.strings("fields")
        let fields = DerivedKeySelection.Field.allCases.filter { names.contains($0.rawValue) }
        guard fields.map({ $0.rawValue }) == names else {
            throw TokenError(snp.path(of: "fields"), .value(names.joined(separator: ",")))
        }
        let vmpl = try snp.number("vmpl", in: 0...3)
        let guestSVN = try snp.number("guest_svn", in: 0...Int64(UInt32.max))
        let tcb = try snp.digest("tcb_version", count: 8)
        try snp.finish()
        return DerivedKeySelection(
            rootKey: rootKey, fields: fields, vmpl: Int(vmpl), guestSVN: UInt32(guestSVN),
            tcbVersion: tcb.reduce(0) { $0 << 8 | UInt64($1) })
    }
}
