/// Writes the DER that certificates and revocation lists are made of. Source: ITU-T X.690, section 10.
enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] { [tag] + length(content.count) + content }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [UInt8(count)] }
        var digits: [UInt8] = []
        var rest = count
        while rest > 0 {
            digits.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(digits.count)] + digits
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { element(0x30, parts.flatMap { $0 }) }
    static func sequence(of parts: [[UInt8]]) -> [UInt8] { element(0x30, parts.flatMap { $0 }) }
    static func set(_ part: [UInt8]) -> [UInt8] { element(0x31, part) }
    static func octets(_ content: [UInt8]) -> [UInt8] { element(0x04, content) }
    static func bits(_ content: [UInt8]) -> [UInt8] { element(0x03, [0] + content) }
    static func utf8(_ text: String) -> [UInt8] { element(0x0C, Array(text.utf8)) }
    static func printable(_ text: String) -> [UInt8] { element(0x13, Array(text.utf8)) }
    static func ia5(_ text: String) -> [UInt8] { element(0x16, Array(text.utf8)) }
    static let null: [UInt8] = element(0x05, [])
    static let yes: [UInt8] = element(0x01, [0xFF])

    /// The value within a tag of the context, EXPLICIT.
    static func explicit(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { element(0xA0 | number, content) }

    static func integer(_ value: UInt64) -> [UInt8] {
        integer(bigEndian: (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) })
    }

    /// A number that is not negative, from its bytes, the most significant one first.
    static func integer(bigEndian bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        let isPadded = digits.first.map { $0 & 0x80 != 0 } ?? true
        return element(0x02, (isPadded ? [0] : []) + digits)
    }

    static func identifier(_ arcs: [UInt32]) -> [UInt8] {
        var content: [UInt8] = []
        for arc in [arcs[0] * 40 + arcs[1]] + arcs[2...] {
            var digits = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                digits.insert(0x80 | UInt8(rest & 0x7F), at: 0)
                rest >>= 7
            }
            content += digits
        }
        return element(0x06, content)
    }

    /// A point in time: UTCTime up to 2049 and GeneralizedTime behind it (RFC 5280, 4.1.2.5).
    static func time(_ seconds: Int64) -> [UInt8] {
        let date = CalendarTime(seconds)
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let rest = [date.month, date.day, date.hour, date.minute, date.second].map { digits($0, 2) }.joined() + "Z"
        return date.year < 2050
            ? element(0x17, Array((digits(date.year % 100, 2) + rest).utf8))
            : element(0x18, Array((digits(date.year, 4) + rest).utf8))
    }
}

/// A point in time in the Gregorian calendar, UTC.
struct CalendarTime {
    let year: Int64
    let month: Int64
    let day: Int64
    let hour: Int64
    let minute: Int64
    let second: Int64

    /// - Parameter seconds: since 1970, without leap seconds; up to the year 9999.
    init(_ seconds: Int64) {
        var days = seconds / 86400
        var year: Int64 = 1970
        while days >= Self.dayCount(year) {
            days -= Self.dayCount(year)
            year += 1
        }
        let lengths = [31, Self.dayCount(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var month = 0
        while days >= lengths[month] {
            days -= lengths[month]
            month += 1
        }
        self.year = year
        self.month = Int64(month + 1)
        day = days + 1
        (hour, minute, second) = (seconds % 86400 / 3600, seconds % 3600 / 60, seconds % 60)
    }

    private static func dayCount(_ year: Int64) -> Int64 {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
    }
}
