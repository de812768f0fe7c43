/// How long certificates and lists are valid.
enum Validity {
    private static let day: Int64 = 86400

    /// So many years of 365 days and a quarter after `start`; in seconds since 1970.
    static func end(of start: Int64, years: Int64) -> Int64 { start + years * 365 * day + years * day / 4 }
}
