/// What `--pcrs` takes.
enum PCRList {
    static let explanation = "--pcrs takes numbers from 0 to 23, with commas between"

    /// Nil where one is none.
    static func parse(_ text: String) -> [Int]? {
        let words = text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "+" })
        let numbers = words.compactMap { Int($0) }.filter { (0...23).contains($0) }
        return numbers.count == words.count ? numbers : nil
    }
}
