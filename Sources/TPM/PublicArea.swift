package import BoundedBytes

/// A TPM2B_PUBLIC, as far as keys to trust and sealed objects need to be told from all others.
///
/// Source: TCG TPM 2.0 Library, Part 2, sections 12.2.4 and 12.2.5. All integers are big-endian.
package struct PublicArea: Equatable {
    enum Kind: Equatable {
        /// TPM_ALG_KEYEDHASH without scheme: data.
        case sealedData
        /// An RSA-2048 or P-256 key that wraps its children with AES-CFB.
        case storage
        case other
    }

    package struct Attributes: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let fixedTPM = Attributes(rawValue: 1 << 1)
        package static let fixedParent = Attributes(rawValue: 1 << 4)
        package static let sensitiveDataOrigin = Attributes(rawValue: 1 << 5)
        package static let userWithAuth = Attributes(rawValue: 1 << 6)
        package static let adminWithPolicy = Attributes(rawValue: 1 << 7)
        package static let noDictionaryAttack = Attributes(rawValue: 1 << 10)
        package static let restricted = Attributes(rawValue: 1 << 16)
        package static let decrypt = Attributes(rawValue: 1 << 17)
        package static let sign = Attributes(rawValue: 1 << 18)
    }

    /// TPM_ALG_ID values that occur in public areas.
    package enum Algorithm {
        package static let rsa: UInt16 = 0x0001
        package static let aes: UInt16 = 0x0006
        package static let keyedHash: UInt16 = 0x0008
        package static let sha256: UInt16 = 0x000B
        package static let null: UInt16 = 0x0010
        package static let ecdsa: UInt16 = 0x0018
        package static let ecc: UInt16 = 0x0023
        package static let cfb: UInt16 = 0x0043
        /// TPM_ECC_NIST_P256, a TPM_ECC_CURVE.
        package static let p256: UInt16 = 0x0003
    }

    let kind: Kind
    /// TPM_ALG_ID of the object.
    let type: UInt16
    let nameAlgorithm: UInt16
    let attributes: Attributes
    let authPolicy: [UInt8]

    /// Reads all of `bytes`, which begin with the size.
    init(parsing bytes: [UInt8]) throws(ByteError) {
        var reader = ByteReader(bytes.span)
        let size: UInt16 = try reader.bigEndian()
        type = try reader.bigEndian()
        nameAlgorithm = try reader.bigEndian()
        attributes = Attributes(rawValue: try reader.bigEndian())
        authPolicy = try reader.sized()
        switch type {
        case Algorithm.keyedHash: kind = try PublicArea.keyedHash(&reader)
        case Algorithm.ecc: kind = try PublicArea.ecc(&reader)
        case Algorithm.rsa: kind = try PublicArea.rsa(&reader)
        default: kind = .other
        }
        // What is of no use to us has a shape that we do not read.
        if kind == .other { try reader.skip(reader.remaining) }
        try reader.finish()
        guard Int(size) == bytes.count - 2 else {
            throw .truncated(offset: 2, needed: Int(size), available: bytes.count - 2)
        }
    }

    private static func keyedHash(_ reader: inout ByteReader) throws(ByteError) -> Kind {
        guard try reader.bigEndian(UInt16.self) == Algorithm.null else { return .other }
        _ = try reader.sized()
        return .sealedData
    }

    private static func ecc(_ reader: inout ByteReader) throws(ByteError) -> Kind {
        guard try isAESCFB(&reader),
            try reader.bigEndian(UInt16.self) == Algorithm.null,  // scheme
            try reader.bigEndian(UInt16.self) == Algorithm.p256,
            try reader.bigEndian(UInt16.self) == Algorithm.null  // kdf
        else { return .other }
        guard try reader.sized().count <= 32, try reader.sized().count <= 32 else { return .other }
        return .storage
    }

    private static func rsa(_ reader: inout ByteReader) throws(ByteError) -> Kind {
        guard try isAESCFB(&reader),
            try reader.bigEndian(UInt16.self) == Algorithm.null,  // scheme
            try reader.bigEndian(UInt16.self) == 2048
        else { return .other }
        let exponent: UInt32 = try reader.bigEndian()  // 0: 65537
        guard exponent == 0 || exponent == 65537, try reader.sized().count == 256 else { return .other }
        return .storage
    }

    /// TPMT_SYM_DEF_OBJECT.
    private static func isAESCFB(_ reader: inout ByteReader) throws(ByteError) -> Bool {
        guard try reader.bigEndian(UInt16.self) == Algorithm.aes else { return false }
        let bits: UInt16 = try reader.bigEndian()
        return try reader.bigEndian(UInt16.self) == Algorithm.cfb && (bits == 128 || bits == 256)
    }
}

extension ByteReader {
    /// Reads a TPM2B: a 16-bit big-endian size, and as many bytes.
    package mutating func sized() throws(ByteError) -> [UInt8] {
        let count: UInt16 = try bigEndian()
        return try bytes(Int(count))
    }
}

extension ByteWriter {
    /// Appends a TPM2B. No caller has more than 65535 bytes.
    package mutating func sized(_ more: [UInt8]) {
        bigEndian(UInt16(more.count))
        append(more)
    }
}
