import Cryptography
import SNPABI
import Secrets
import SecureProcessor
import TestSupport
import Testing

/// Keys for the tests: three RSA keys that openssl made once, and secrets that say which they are.
enum EmulatedKeys {
    /// 2026-01-01T00:00:00Z.
    static let issued: Int64 = 1_767_225_600

    private static let pems: [[UInt8]] = {
        var keys: [[UInt8]] = []
        for _ in 0..<3 {
            guard let result = try? Command.run(["openssl", "genrsa", "4096"]), result.status == 0 else { return [] }
            keys.append(result.output)
        }
        return keys
    }()

    static func secret(_ bytes: [UInt8]) -> SecretBytes {
        SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
    }

    static func copy(_ secret: borrowing SecretBytes) -> [UInt8] {
        var copy: [UInt8] = []
        for index in secret.bytes.indices { copy.append(secret.bytes[index]) }
        return copy
    }

    static func authority(_ generation: ProcessorGeneration) throws -> CertificateAuthority {
        try #require(pems.count == 3)
        guard let ark = RSASigningKey.parse(pem: secret(pems[0])), let ask = RSASigningKey.parse(pem: secret(pems[1])),
            let asvk = RSASigningKey.parse(pem: secret(pems[2]))
        else { throw CommandFailure(description: "openssl's keys are not read") }
        return CertificateAuthority(generation, ark: ark, ask: ask, asvk: asvk)
    }

    /// - Parameter number: chips with different numbers are different chips.
    static func chip(_ generation: ProcessorGeneration, _ number: UInt8 = 1) throws -> Chip {
        let identifier = [UInt8](repeating: 0xA0 | number, count: generation.chipIDByteCount)
        guard
            let chip = Chip(generation, identifier: identifier, seed: secret([UInt8](repeating: number, count: 64)))
        else { throw CommandFailure(description: "no chip") }
        return chip
    }

    static func vlek(_ provider: String = "CN=cc.emulated.invalid", _ number: UInt8 = 9) throws -> LoadedEndorsementKey
    {
        guard
            let key = LoadedEndorsementKey(provider: provider, seed: secret([UInt8](repeating: number, count: 64)))
        else { throw CommandFailure(description: "no VLEK") }
        return key
    }

    /// A TCB like those of the real reports in shared/data/snp.
    static func tcb(_ generation: ProcessorGeneration, snp: UInt8 = 24, microcode: UInt8 = 0xDB) -> TCBVersion {
        TCBVersion(
            TCBComponents(fmc: generation == .turin ? 1 : nil, bootLoader: 4, tee: 2, snp: snp, microcode: microcode),
            for: generation)
    }
}
