/// Text from an untrusted source, made fit for one line of a log or a console.
public enum Printable {
    /// Longest text that is shown whole, in bytes of UTF-8.
    public static let limit = 64

    /// `text` with every byte outside printable ASCII, and the backslash, as `\xNN`, cut to `limit` bytes with `...`
    /// behind it. So a hostile name can neither break the line nor move the cursor.
    /// With `keepingBackslashes` they stay as they are: more readable for paths of firmware, and no more exact.
    public static func escape(_ text: String, limit: Int = limit, keepingBackslashes: Bool = false) -> String {
        var shown: [UInt8] = []
        for byte in text.utf8.prefix(limit) {
            if byte >= 0x20, byte < 0x7F, byte != 0x5C || keepingBackslashes {
                shown.append(byte)
            } else {
                shown += Array(("\\x" + Hexadecimal.encode([byte])).utf8)
            }
        }
        return String(decoding: shown, as: UTF8.self) + (text.utf8.count > limit ? "..." : "")
    }
}
