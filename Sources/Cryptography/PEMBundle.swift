internal import COpenSSL

/// The parts of a PEM text, such as a chain of certificates.
public enum PEMBundle {
    /// One part: what stands behind BEGIN, and the DER.
    public struct Part: Equatable, Sendable {
        public let label: String
        public let contents: [UInt8]

        public var isCertificate: Bool { label == "CERTIFICATE" || label == "X509 CERTIFICATE" }
        public var isRevocationList: Bool { label == "X509 CRL" }
    }

    /// Most parts of one text: more than any chain has.
    public static let mostParts = 64
    /// Longest text, in bytes.
    public static let longest = 1 << 20

    /// The parts in their order; text between them is a comment. nil where there is none, where one is damaged or has
    /// headers as an encrypted one has, and where the text exceeds the limits above.
    public static func parse(_ text: [UInt8]) -> [Part]? {
        defer { ERR_clear_error() }
        guard text.count <= longest, let input = unsafe BIO_new_mem_buf(text, Int32(text.count)) else { return nil }
        defer { unsafe BIO_free(input) }
        var parts: [Part] = []
        while parts.count <= mostParts {
            ERR_clear_error()
            var label: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var contents: UnsafeMutablePointer<UInt8>?
            var count = 0
            let isRead = unsafe PEM_read_bio(input, &label, &header, &contents, &count) == 1
            defer {
                unsafe CRYPTO_free(label, nil, 0)
                unsafe CRYPTO_free(header, nil, 0)
                unsafe CRYPTO_free(contents, nil, 0)
            }
            guard isRead else { return isEnd && !parts.isEmpty ? parts : nil }
            guard let label = unsafe label, let header = unsafe header, unsafe header.pointee == 0,
                let contents = unsafe contents
            else { return nil }
            parts.append(
                Part(
                    label: unsafe String(cString: label),
                    contents: unsafe Array(UnsafeBufferPointer(start: contents, count: count))))
        }
        return nil
    }

    /// Whether libcrypto only found no further part.
    private static var isEnd: Bool {
        let code = ERR_peek_last_error()
        return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
    }
}
