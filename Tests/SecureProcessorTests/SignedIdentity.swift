import Cryptography
import SNPABI
import SecureProcessor
import Testing

/// An ID block and its authentication, laid out byte by byte as AMD 56860 has them, and the keys that sign them.
struct SignedIdentity {
    var digest: [UInt8]
    var policy: GuestPolicy
    var familyID = [UInt8](repeating: 0xF1, count: 16)
    var imageID = [UInt8](repeating: 0x1D, count: 16)
    var svn: UInt32 = 0
    var idKeySeed: UInt8 = 1
    /// nil for no author.
    var authorKeySeed: UInt8?
    /// May spoil the block after it is signed.
    var changeBlock: (inout [UInt8]) -> Void = { _ in }
    var changeAuthentication: (inout [UInt8]) -> Void = { _ in }

    init(digest: [UInt8], policy: GuestPolicy = GuestFixture.policy) {
        self.digest = digest
        self.policy = policy
    }

    private func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private var block: [UInt8] {
        digest + familyID + imageID + little(1, 4) + little(UInt64(svn), 4) + little(policy.rawValue, 8)
    }

    /// CURVE 2, QX and QY of 72 bytes each, little-endian, 1028 bytes.
    static func publicKey(_ seed: UInt8) throws -> [UInt8] {
        let key = try P384SigningKey.derive(from: EmulatedKeys.secret([UInt8](repeating: seed, count: 64)))
        let gap = [UInt8](repeating: 0, count: 24)
        return [2, 0, 0, 0] + key.x.reversed() + gap + key.y.reversed() + [UInt8](repeating: 0, count: 24 + 880)
    }

    static func signature(_ seed: UInt8, _ message: [UInt8]) throws -> [UInt8] {
        let key = try P384SigningKey.derive(from: EmulatedKeys.secret([UInt8](repeating: seed, count: 64)))
        let (r, s) = try key.sign(message)
        let gap = [UInt8](repeating: 0, count: 24)
        return r.reversed() + gap + s.reversed() + [UInt8](repeating: 0, count: 24 + 368)
    }

    func finish(hasAuthorKey: Bool? = nil) throws -> LaunchFinish {
        var authentication = [UInt8](repeating: 0, count: 4096)
        authentication[0] = 1
        let idKey = try Self.publicKey(idKeySeed)
        authentication.replaceSubrange(0x40..<0x240, with: try Self.signature(idKeySeed, block))
        authentication.replaceSubrange(0x240..<0x644, with: idKey)
        if let authorKeySeed {
            authentication[4] = 1
            authentication.replaceSubrange(0x680..<0x880, with: try Self.signature(authorKeySeed, idKey))
            authentication.replaceSubrange(0x880..<0xC84, with: try Self.publicKey(authorKeySeed))
        }
        var changed = block
        changeBlock(&changed)
        changeAuthentication(&authentication)
        return LaunchFinish(
            identity: (changed, authentication), hasAuthorKey: hasAuthorKey ?? (authorKeySeed != nil))
    }
}
