internal import BoundedBytes
internal import Cryptography
internal import Secrets

/// What a derived secret is for. AMD's own functions are not published: this is HKDF-SHA-384 over the label and all
/// values, each with its length, so that no two lists of values read alike.
enum KeyLabel: String {
    case chipIdentifier = "sealroot emulator chip id"
    case vcek = "sealroot emulator VCEK"
    case vcekRoot = "sealroot emulator VCEK root"
    case vlek = "sealroot emulator VLEK"
    case vlekRoot = "sealroot emulator VLEK root"
    case guestKey = "sealroot emulator guest key"

    func derive(
        from secret: borrowing SecretBytes, _ fields: [[UInt8]], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        var writer = ByteWriter()
        writer.lengthPrefixed(rawValue)
        for field in fields { writer.lengthPrefixed(field) }
        return try KeyDerivation.hkdfSHA384(secret, info: writer.bytes, count: count)
    }

    /// Little-endian.
    static func bytes<T: FixedWidthInteger & UnsignedInteger>(_ value: T) -> [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(value)
        return writer.bytes
    }
}

extension SecretBytes {
    /// The bytes in ordinary memory: for what leaves the processor in the clear or in a page of the guest.
    var copied: [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }

    func copy(into target: inout MutableSpan<UInt8>, at offset: Int) {
        for index in bytes.indices { target[offset + index] = bytes[index] }
    }
}
