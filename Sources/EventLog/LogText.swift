/// Text in event data. What is not plainly text is nil: a guess would be shown to a person as a fact.
enum LogText {
    /// Printable ASCII, tabs and line breaks; NULs behind it are cut off.
    static func ascii(_ bytes: ArraySlice<UInt8>) -> String? {
        let text = bytes[..<(bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex)]
        guard !text.isEmpty, text.allSatisfy(isPlain) else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// Bytes without NUL and then exactly one NUL; not only ASCII, since file names are not.
    static func terminated(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count > 1, bytes.last == 0, !bytes.dropLast().contains(0) else { return nil }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// UTF-16 of which every unit is plain ASCII; NULs behind it are cut off.
    static func utf16(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count >= 2, bytes.count % 2 == 0 else { return nil }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 2)
        for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
            guard bytes[index + 1] == 0 else { return nil }
            text.append(bytes[index])
        }
        return ascii(text[...])
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
