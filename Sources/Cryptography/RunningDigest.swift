internal import COpenSSL

/// A hash over bytes that come in pieces, in time and memory of libcrypto alone: nothing is copied.
///
/// A call that fails is told by `finish`, so that the loop over the pieces needs no handling of its own.
@safe public struct RunningDigest: ~Copyable {
    private let context: OpaquePointer?  // EVP_MD_CTX *
    private let algorithm: DigestAlgorithm
    private var isSound: Bool

    public init(_ algorithm: DigestAlgorithm) {
        self.algorithm = algorithm
        unsafe context = EVP_MD_CTX_new()
        isSound = unsafe context != nil && EVP_DigestInit_ex(context, algorithm.evp, nil) == 1
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Hashes the next piece.
    public mutating func update(_ bytes: Span<UInt8>) {
        guard isSound else { return }
        isSound =
            unsafe bytes.withUnsafeBufferPointer { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) } == 1
    }

    /// The digest of all pieces.
    public consuming func finish() throws(CryptographyError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.byteCount)
        var length: UInt32 = 0
        let code = unsafe digest.withUnsafeMutableBufferPointer {
            unsafe isSound ? EVP_DigestFinal_ex(context, $0.baseAddress, &length) : 0
        }
        guard code == 1, Int(length) == digest.count else { throw CryptographyError(call: .runningDigest) }
        return digest
    }
}
