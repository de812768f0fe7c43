internal import BoundedBytes
internal import Cryptography
internal import TPM

// Source: TCG TPM 2.0 Library, Part 2, sections 12.2.4 (TPMT_PUBLIC) and 12.2.3 (its parameters). All integers are
// big-endian.
extension DuplicationTarget {
    private typealias Algorithm = PublicArea.Algorithm

    /// Reads all of a TPM2B_PUBLIC.
    init(publicArea bytes: [UInt8]) throws(TargetDefect) {
        var reader = ByteReader(bytes.span)
        let (size, type) = (try Self.number(&reader), try Self.number(&reader))
        guard Int(size) == bytes.count - 2 else { throw .size(announced: Int(size), actual: bytes.count - 2) }
        guard type == Algorithm.ecc || type == Algorithm.rsa else { throw .type(type) }
        let nameAlgorithm = try Self.number(&reader)
        guard nameAlgorithm == Algorithm.sha256 else { throw .nameAlgorithm(nameAlgorithm) }
        let purpose = try Self.purpose(&reader)
        let wrappingKeyByteCount = try Self.wrappingKeyByteCount(&reader)
        let scheme = try Self.number(&reader)
        guard scheme == Algorithm.null else { throw .scheme(scheme) }
        let key = type == Algorithm.ecc ? try Self.point(&reader) : try Self.modulus(&reader)
        do throws(ByteError) { try reader.finish() } catch { throw .bytes(error) }
        self.init(publicArea: bytes, purpose: purpose, wrappingKeyByteCount: wrappingKeyByteCount, key: key)
    }

    /// Attributes and policy. A storage root key may lack noDA, as tpm2_createprimary makes it.
    private static func purpose(_ reader: inout ByteReader) throws(TargetDefect) -> StorageKey.Purpose {
        let attributes: PublicArea.Attributes
        do throws(ByteError) { attributes = PublicArea.Attributes(rawValue: try reader.bigEndian()) } catch {
            throw .bytes(error)
        }
        let purpose: StorageKey.Purpose
        if attributes == StorageKey.Purpose.endorsement.attributes {
            purpose = .endorsement
        } else if attributes.union(.noDictionaryAttack) == StorageKey.Purpose.storageRoot.attributes {
            purpose = .storageRoot
        } else {
            throw .attributes(attributes.rawValue)
        }
        guard try sized(&reader) == purpose.authPolicy else { throw .policy }
        return purpose
    }

    /// TPMT_SYM_DEF_OBJECT.
    private static func wrappingKeyByteCount(_ reader: inout ByteReader) throws(TargetDefect) -> Int {
        let algorithm = try number(&reader)
        // TPM_ALG_NULL has neither key nor mode.
        guard algorithm == Algorithm.aes else { throw .symmetric(algorithm: algorithm, bits: 0, mode: 0) }
        let (bits, mode) = (try number(&reader), try number(&reader))
        guard bits == 128 || bits == 256, mode == Algorithm.cfb else {
            throw .symmetric(algorithm: algorithm, bits: bits, mode: mode)
        }
        return Int(bits) / 8
    }

    private static func point(_ reader: inout ByteReader) throws(TargetDefect) -> Key {
        let curve = try number(&reader)
        guard curve == Algorithm.p256 else { throw .curve(curve) }
        let derivation = try number(&reader)
        guard derivation == Algorithm.null else { throw .keyDerivation(derivation) }
        let (x, y) = (try sized(&reader), try sized(&reader))
        // Shorter ones, of TPMs that leave zeros out, would go into the key derivation in a form that is not standard.
        for coordinate in [x, y] where coordinate.count != 32 { throw .coordinateSize(coordinate.count) }
        guard let key = VerifyingKey(x: x, y: y) else { throw .notOnCurve }
        return .ecc(key)
    }

    private static func modulus(_ reader: inout ByteReader) throws(TargetDefect) -> Key {
        let bits = try number(&reader)
        guard bits == 2048 else { throw .keyBits(bits) }
        let exponent: UInt32
        do throws(ByteError) { exponent = try reader.bigEndian() } catch { throw .bytes(error) }
        guard exponent == 0 || exponent == 65537 else { throw .exponent(exponent) }
        guard let key = RSAEncryptionKey(modulus: try sized(&reader)) else { throw .modulus }
        return .rsa(key)
    }

    private static func number(_ reader: inout ByteReader) throws(TargetDefect) -> UInt16 {
        do throws(ByteError) { return try reader.bigEndian() } catch { throw .bytes(error) }
    }

    private static func sized(_ reader: inout ByteReader) throws(TargetDefect) -> [UInt8] {
        do throws(ByteError) { return try reader.sized() } catch { throw .bytes(error) }
    }
}
