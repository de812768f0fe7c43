internal import Cryptography

/// The way between the DRAM and a guest's processors: a 4 KiB page is one unit, its number the page's system address.
extension Guest {
    private static let pageByteCount = 4096

    /// Copies a part of one page out.
    func copyOut(
        _ page: SystemAddress, _ offset: Int, _ count: Int, into output: inout MutableSpan<UInt8>, at start: Int,
        isEncrypted: Bool
    ) {
        let source = Int(page.rawValue)
        guard isEncrypted else {
            memory.dram.withSpan(source + offset..<source + offset + count) { output.copy($0, at: start) }
            return
        }
        if count == Self.pageByteCount {
            output.withPart(start..<start + count) { decrypt(page, into: &$0) }
            return
        }
        let plain = decrypted(page, upTo: offset + count)
        output.copy(plain.span.extracting(offset..<offset + count), at: start)
    }

    /// Copies into a part of one page. Blocks of 16 bytes that do not change keep their ciphertext.
    func copyIn(_ page: SystemAddress, _ offset: Int, _ bytes: ArraySlice<UInt8>, isEncrypted: Bool) {
        let start = Int(page.rawValue)
        guard isEncrypted else {
            memory.dram.withMutableSpan(start + offset..<start + offset + bytes.count) { $0.copy(bytes.span, at: 0) }
            return
        }
        var plain: [UInt8]
        if bytes.count == Self.pageByteCount {
            plain = Array(bytes)
        } else {
            plain = decrypted(page, upTo: Self.pageByteCount)
            plain.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        encrypt(plain, to: page)
    }

    func encrypt(_ plain: [UInt8], to page: SystemAddress) {
        let start = Int(page.rawValue)
        memory.dram.withMutableSpan(start..<start + plain.count) { output in
            mustSucceed { () throws(CryptographyError) in
                try cipher.encrypt(plain.span, into: &output, unit: page.rawValue)
            }
        }
    }

    /// The start of a page, in whole blocks of 16 bytes.
    private func decrypted(_ page: SystemAddress, upTo end: Int) -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: (end + 15) / 16 * 16)
        var span = plain.mutableSpan
        decrypt(page, into: &span)
        return plain
    }

    private func decrypt(_ page: SystemAddress, into output: inout MutableSpan<UInt8>) {
        let start = Int(page.rawValue)
        memory.dram.withSpan(start..<start + output.count) { bytes in
            mustSucceed { () throws(CryptographyError) in
                try cipher.decrypt(bytes, into: &output, unit: page.rawValue)
            }
        }
    }
}

/// The cipher has its key and gets whole blocks only: nothing is left that may fail, and a processor whose memory
/// encryption fails does not go on.
func mustSucceed(_ body: () throws(CryptographyError) -> Void) {
    do throws(CryptographyError) { try body() } catch { preconditionFailure(error.description) }
}
