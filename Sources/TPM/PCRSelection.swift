public import Cryptography

/// PCRs of one bank: at least one, ascending, each once.
public struct PCRSelection: Equatable, Sendable {
    public let bank: DigestAlgorithm
    /// 0 to 23.
    public let indices: [Int]

    /// Sorts `indices` and drops repetitions; nil where one is not 0 to 23 or none is given.
    public init?(bank: DigestAlgorithm, indices: [Int]) {
        guard !indices.isEmpty, indices.allSatisfy({ 0..<24 ~= $0 }) else { return nil }
        self.init(bank, (0..<24).filter(indices.contains))
    }

    /// SHA-256 of PCR 0 to 15: all that a boot extends, and two commands to read.
    public static let boot = PCRSelection(.sha256, Array(0...15))

    init(_ bank: DigestAlgorithm, _ indices: [Int]) {
        self.bank = bank
        self.indices = indices
    }

    /// TPMS_PCR_SELECTION.pcrSelect: one bit a PCR, three bytes, PCR 0 first and least significant.
    var bitmap: [UInt8] {
        var bytes: [UInt8] = [0, 0, 0]
        for index in indices { bytes[index / 8] |= 1 << UInt8(index % 8) }
        return bytes
    }

    /// The PCRs that `bitmap` selects.
    static func indices(in bitmap: [UInt8]) -> [Int] {
        (0..<bitmap.count * 8).filter { bitmap[$0 / 8] & 1 << UInt8($0 % 8) != 0 }
    }
}

/// What one PCR holds.
public struct PCRValue: Equatable, Sendable {
    public let index: Int
    /// As long as the bank's digests.
    public let digest: [UInt8]

    public init(index: Int, digest: [UInt8]) {
        self.index = index
        self.digest = digest
    }
}

extension DigestAlgorithm {
    /// TPM_ALG_ID. Source: TCG Algorithm Registry, table 3.
    var identifier: UInt16 {
        switch self {
        case .sha1: 0x0004
        case .sha256: 0x000B
        case .sha384: 0x000C
        case .sha512: 0x000D
        }
    }
}
