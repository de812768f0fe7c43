import Attestation
import Foundation
import Testing

@Suite struct UTCTimeTests {
    /// Against Foundation, every 37 days of three centuries and around each leap day.
    @Test func isAsFoundationWritesIt() throws {
        let formatter = ISO8601DateFormatter()
        for time in stride(from: Int64(-4_000_000_000), to: 6_000_000_000, by: 37 * 86400 + 4711) {
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(time)))
            #expect(UTCTime.text(time) == text)
            #expect(UTCTime.parse(text) == time)
        }
        for year in [1900, 2000, 2024, 2026, 2100] {
            for day in ["02-28", "02-29", "03-01"] {
                let text = "\(year)-\(day)T12:34:56Z"
                let isDay = day != "02-29" || [2000, 2024].contains(year)
                let expected = isDay ? formatter.date(from: text).map { Int64($0.timeIntervalSince1970) } : nil
                #expect(UTCTime.parse(text) == expected, "\(text)")
            }
        }
    }

    @Test func readsDatesAndNumbers() {
        #expect(UTCTime.parse("1970-01-01") == 0 && UTCTime.parse("1969-12-31T23:59:59Z") == -1)
        #expect(UTCTime.parse("1764028800") == 1_764_028_800 && UTCTime.parse("-5") == -5)
        for text in [
            "", "now", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31", "2026-1-1", "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
            "99999999999999999999",
        ] { #expect(UTCTime.parse(text) == nil, "\(text)") }
    }

    @Test func aYearWithoutFourDigitsIsANumber() {
        #expect(UTCTime.text(.max) == "9223372036854775807" && UTCTime.text(.min) == "-9223372036854775808")
        #expect(UTCTime.text(253_402_300_799) == "9999-12-31T23:59:59Z")
    }
}
