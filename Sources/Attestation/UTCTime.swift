/// Points in time as seconds since 1970 and as ISO 8601 text, without a clock and without time zones.
public enum UTCTime {
    private static let secondsADay: Int64 = 86400
    /// 0000-01-01 and 9999-12-31T23:59:59Z, between which a year has four digits.
    private static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// Such as `2025-12-10T22:14:21Z`; the bare number where the year would not have four digits.
    public static func text(_ seconds: Int64) -> String {
        guard range.contains(seconds) else { return String(seconds) }
        let day = seconds >= 0 ? seconds / secondsADay : (seconds + 1) / secondsADay - 1
        let second = seconds - day * secondsADay
        let (year, month, date) = civil(day)
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(date, 2) + "T" + padded(second / 3600, 2) + ":"
            + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2) + "Z"
    }

    /// Reads seconds since 1970, a date (its first second), or date and time as `text` writes it; nil for anything else.
    public static func parse(_ text: String) -> Int64? {
        if let seconds = Int64(text) { return seconds }
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20 && bytes[19] == 0x5A else { return nil }
        guard bytes[4] == 0x2D, bytes[7] == 0x2D, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let date = number(bytes[8..<10]), let day = days(year, month, date)
        else { return nil }
        guard bytes.count == 20 else { return day * secondsADay }
        guard bytes[10] == 0x54, bytes[13] == 0x3A, bytes[16] == 0x3A, let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]), hour < 24, minute < 60,
            second < 60
        else { return nil }
        return day * secondsADay + hour * 3600 + minute * 60 + second
    }

    /// Days since 1970 of a date of the Gregorian calendar; nil where there is no such date.
    private static func days(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64? {
        guard (1...12).contains(month), date >= 1 else { return nil }
        // Years here begin in March, so that the leap day is their last, and a cycle of 400 has 146097 days.
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1
        let cycle = shifted >= 0 ? shifted / 400 : -1
        let yearOfCycle = shifted - cycle * 400
        let days = cycle * 146097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719468
        // The 31st of April is not the 1st of May.
        return civil(days) == (year, month, date) ? days : nil
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, date: Int64) {
        let shifted = days + 719468
        let cycle = shifted >= 0 ? shifted / 146097 : -1
        let dayOfCycle = shifted - cycle * 146097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = cycle * 400 + yearOfCycle + (month >= 10 ? 1 : 0)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func padded(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }
}
