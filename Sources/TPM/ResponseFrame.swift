internal import BoundedBytes
internal import CLinux

/// The first ten bytes of a response, where they are what a TPM may send to the command.
///
/// Source: TCG TPM 2.0 Library, Part 1, section 18.3 and Part 2, section 6.6. All integers are big-endian.
struct ResponseFrame {
    /// Longest response that is let through, in bytes. It is a little less than the 4096 bytes of the TSS
    /// buffers, since tpm2-tss checks each session's bounds only after it has read the next size.
    static let limit = 4080

    let code: UInt32

    /// Nil where the tag does not fit the command and code, the size is another one than announced, or the
    /// code is one that no TPM sends.
    init?(_ response: [UInt8], to command: [UInt8]) {
        guard let answer = Header(response), let question = Header(command),
            Int(answer.size) == response.count
        else { return nil }
        code = answer.code
        if code == 0 {
            // A success without sessions would skip the check of the session's HMAC.
            guard answer.tag == question.tag else { return nil }
        } else {
            guard answer.tag == Header.noSessions, response.count == Header.byteCount,
                ResponseFrame.isPossible(code)
            else { return nil }
        }
    }

    /// A format-zero or format-one code, from the TPM or through a resource manager (layers 11 and 12).
    ///
    /// tpm2-tss takes some other codes for its own: 9 in any layer makes it wait for ever.
    private static func isPossible(_ code: UInt32) -> Bool {
        let layer = code >> 16
        return (layer == 0 || layer == 11 || layer == 12) && code & 0xF000 == 0 && code & 0x180 != 0
    }

    private struct Header {
        static let byteCount = 10
        static let noSessions: UInt16 = 0x8001
        let tag: UInt16
        let size: UInt32
        let code: UInt32

        init?(_ bytes: [UInt8]) {
            var reader = ByteReader(bytes.span)
            do throws(ByteError) {
                tag = try reader.bigEndian()
                size = try reader.bigEndian()
                code = try reader.bigEndian()
            } catch { return nil }
        }
    }
}

/// Growing pauses before a busy TPM is asked again: 10 ms doubling to 640 ms, about 4 seconds in all.
struct Backoff {
    private var pause = 10
    private var left = 4000

    /// Sleeps; false where the time is used up.
    mutating func wait() -> Bool {
        guard left > 0 else { return false }
        var time = timespec(tv_sec: 0, tv_nsec: pause * 1_000_000)
        // A signal only shortens the pause.
        _ = unsafe nanosleep(&time, nil)
        left -= pause
        pause = min(pause * 2, 640)
        return true
    }
}
