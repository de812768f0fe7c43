internal import InitramfsRuntime

/// Long work on standard error: one line that is drawn again on a terminal, lines elsewhere.
public final class ProgressBar {
    private let isTerminal = StandardError.isTerminal
    private var title = ""
    private var percent: UInt64 = 0
    private var drawnAt: Int64 = 0

    /// Cells of the bar.
    private static let width: UInt64 = 40
    /// Ten times a second is all that an eye follows.
    private static let millisecondsBetweenDraws: Int64 = 100

    public init() {}

    /// Shows that `done` of `total` of the work `title` is done; a `total` of 0 shows the title alone.
    public func show(_ title: String, done: UInt64, total: UInt64) {
        let isNew = title != self.title
        let percent = total == 0 ? nil : Self.percent(done, of: total)
        let hasEnded = percent == 100 && (isNew || self.percent < 100)
        if isTerminal {
            let now = MonotonicClock.milliseconds
            guard isNew || hasEnded || now - drawnAt >= Self.millisecondsBetweenDraws else { return }
            drawnAt = now
            StandardError.write("\r\u{1B}[K" + Self.line(title, percent))
        } else {
            guard isNew || hasEnded || (percent ?? 0) >= self.percent + 10 else { return }
            StandardError.write(title + (percent.map { " \($0)%" } ?? "") + "\n")
        }
        self.title = title
        self.percent = percent ?? 0
    }

    /// Takes the bar away, for other output.
    public func clear() {
        if isTerminal, !title.isEmpty { StandardError.write("\r\u{1B}[K") }
        title = ""
    }

    /// Whole percent, without a product that could wrap around.
    private static func percent(_ done: UInt64, of total: UInt64) -> UInt64 {
        let product = min(done, total).multipliedFullWidth(by: 100)
        return total.dividingFullWidth(product).quotient
    }

    private static func line(_ title: String, _ percent: UInt64?) -> String {
        guard let percent else { return title + " …" }
        let filled = Int(percent * width / 100)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Int(width) - filled)
        return "\(title) [\(bar)] \(percent)%"
    }
}
