internal import COpenSSL

/// SpcIndirectDataContent, what an Authenticode signature covers: a sequence of the kind of file, and a DigestInfo.
///
/// Source: Microsoft, "Windows Authenticode Portable Executable Signature Format" (2008).
enum IndirectData {
    /// SPC_INDIRECT_DATA_OBJID.
    static let objectIdentifier = "1.3.6.1.4.1.311.2.1.4"

    /// The bytes inside the one sequence that `der` is.
    static func inner(of der: [UInt8]) throws(SignatureDefect) -> [UInt8] {
        guard let header = header(of: der), header.start + header.length == der.count else { throw .notAuthenticode }
        return Array(der[header.start...])
    }

    /// The digest of the executable, from the bytes inside the sequence.
    static func digest(in content: [UInt8]) throws(SignatureDefect) -> (DigestAlgorithm, [UInt8]) {
        guard let first = header(of: content) else { throw .notAuthenticode }
        let info = Array(content[(first.start + first.length)...])
        let (parsed, used) = unsafe decodeDER(info) { unsafe d2i_X509_SIG(nil, &$0, $1) }
        guard let parsed = unsafe parsed else { throw .digest }
        defer { unsafe X509_SIG_free(parsed) }
        guard used == info.count else { throw .notAuthenticode }
        var algorithm: UnsafePointer<X509_ALGOR>?
        var value: UnsafePointer<ASN1_OCTET_STRING>?
        unsafe X509_SIG_get0(parsed, &algorithm, &value)
        guard let algorithm = unsafe algorithm, let value = unsafe value else { throw .digest }
        let known: DigestAlgorithm? =
            switch unsafe OBJ_obj2nid(algorithm.pointee.algorithm) {
            case NID_sha1: .sha1
            case NID_sha256: .sha256
            case NID_sha384: .sha384
            case NID_sha512: .sha512
            default: nil
            }
        let digest = unsafe bytes(of: value)
        guard let known, digest.count == known.byteCount else { throw .digest }
        return (known, digest)
    }

    /// Where the content of the sequence at the front of `der` begins, and its length; both within `der`.
    private static func header(of der: [UInt8]) -> (start: Int, length: Int)? {
        unsafe der.withUnsafeBufferPointer { input in
            guard let start = input.baseAddress else { return nil }
            var next: UnsafePointer<UInt8>? = unsafe start
            var (length, tag, tagClass) = (0, Int32(0), Int32(0))
            let flags = unsafe ASN1_get_object(&next, &length, &tag, &tagClass, input.count)
            // 0x80 marks an error, 0x01 a length that is not said.
            guard flags & 0x81 == 0, tag == V_ASN1_SEQUENCE, let next = unsafe next else { return nil }
            let offset = unsafe next - start
            return length >= 0 && length <= input.count - offset ? (offset, length) : nil
        }
    }
}

/// A copy of the bytes of an ASN.1 string.
func bytes(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
    guard let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: start, count: max(0, Int(ASN1_STRING_length(string)))))
}

/// The dotted form of an object identifier, of at most 63 characters.
func objectIdentifier(_ object: OpaquePointer?) -> String {
    var text = [CChar](repeating: 0, count: 64)
    let length = unsafe OBJ_obj2txt(&text, Int32(text.count), object, 1)
    guard length > 0, Int(length) < text.count else { return "" }
    return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
