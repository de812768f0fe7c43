import TPM
import TestSupport

/// A P-256 key that OpenSSL made and signs with, and what its approvals are for.
struct Authority {
    private let folder: Scratch
    let authority: PolicyAuthority
    var publicPEM: [UInt8] { get throws { try Array(folder.shell("openssl pkey -in key -pubout").utf8) } }

    init(reference: [UInt8] = Array("volume".utf8)) throws {
        folder = try Scratch()
        try folder.shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key")
        try folder.shell("openssl pkey -in key -pubout -outform DER -out public.der")
        // SubjectPublicKeyInfo ends in the point: 4, x, y.
        let point = try folder.bytes("public.der").suffix(64)
        authority = try PolicyAuthority(x: Array(point.prefix(32)), y: Array(point.suffix(32)), reference: reference)
    }

    /// r and s of the signature under `message`.
    func signature(under message: [UInt8]) throws -> [UInt8] {
        try folder.write(message, to: "message")
        try folder.shell("openssl dgst -sha256 -sign key -out signature message")
        var der = try folder.bytes("signature").dropFirst(2)
        var numbers: [UInt8] = []
        for _ in 0..<2 {
            let count = Int(der[der.startIndex + 1])
            let number = der.dropFirst(2).prefix(count).drop { $0 == 0 }
            numbers += [UInt8](repeating: 0, count: 32 - number.count) + number
            der = der.dropFirst(2 + count)
        }
        return numbers
    }

    func approval(of policyDigest: [UInt8]) throws -> Approval {
        try Approval(
            authority: authority, policyDigest: policyDigest,
            signature: signature(under: authority.message(approving: policyDigest)))
    }

    /// The signature that lets `counter` be stepped from `value`.
    func step(_ counter: RevocationCounter, from value: UInt64?) throws -> [UInt8] {
        try signature(under: counter.authority.message(approving: PolicyDigest.step(of: counter, from: value)))
    }
}
