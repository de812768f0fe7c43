internal import COpenSSL

/// A hash algorithm by the name that LUKS2, TCG logs and our JSON use.
public enum DigestAlgorithm: String, Sendable, CaseIterable {
    case sha1, sha256, sha384, sha512

    /// Length of a digest, in bytes.
    public var byteCount: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Hashes `bytes` in one step.
    public func hash(_ bytes: [UInt8]) throws(CryptographyError) -> [UInt8] { try hash(bytes[...]) }

    /// Hashes a part of an array, without a copy of it.
    public func hash(_ bytes: ArraySlice<UInt8>) throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        var length: UInt32 = 0
        let code = unsafe digest.withUnsafeMutableBufferPointer { output in
            unsafe bytes.withUnsafeBytes { input in
                unsafe EVP_Digest(input.baseAddress, input.count, output.baseAddress, &length, evp, nil)
            }
        }
        guard code == 1, Int(length) == byteCount else { throw CryptographyError(call: .digest) }
        return digest
    }

    var evp: OpaquePointer? {
        switch self {
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        }
    }
}
