/// A script as GRUB's reader hands it to the parser, and where each line came from.
struct ScriptText {
    /// Shown in places.
    let file: String
    /// Ends with a line feed unless it is empty.
    let bytes: [UInt8]
    /// Offset of each line's first byte.
    private let starts: [Int]
    /// The number of each line in the file, from 1.
    private let numbers: [Int]

    private init(file: String, bytes: [UInt8], numbers: [Int]) {
        self.file = file
        self.bytes = bytes
        starts = [0] + bytes.indices.lazy.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
        self.numbers = numbers
    }

    /// Reads a configuration file as GRUB does: carriage returns vanish, and so do lines that begin with `#`, even
    /// where they lie in a menu entry's body or between quotes. Source: GRUB 2.06, `lib/getline.c`, `normal/main.c`.
    init(configuration: [UInt8], file: String) throws(SyntaxError) {
        var kept: [UInt8] = []
        var numbers: [Int] = []
        var number = 0
        // The line feed at the end begins no other line.
        let text = configuration.last == 0x0A ? configuration.dropLast() : configuration[...]
        guard !configuration.isEmpty else {
            self.init(file: file, bytes: [], numbers: [])
            return
        }
        for line in text.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            // In GRUB the line would end there, and what is behind it would be lost.
            if let at = line.firstIndex(of: 0) {
                let place = GRUBPlace(file: file, line: number, column: at - line.startIndex + 1)
                throw SyntaxError("a NUL byte", place)
            }
            let text = line.filter { $0 != 0x0D }
            if text.first == 0x23 { continue }
            kept += text
            kept.append(0x0A)
            numbers.append(number)
        }
        self.init(file: file, bytes: kept, numbers: numbers)
    }

    /// The body of a menu entry, `range` of this text, with `header` and a line feed in front of it.
    func body(_ range: Range<Int>, header: [UInt8]) -> ScriptText {
        let lines = numbers[line(at: range.lowerBound)...line(at: range.upperBound)]
        let text = header + (header.isEmpty ? [] : [0x0A]) + bytes[range] + [0x0A]
        let added = header.isEmpty ? 0 : header.count { $0 == 0x0A } + 1
        return ScriptText(
            file: file, bytes: text, numbers: Array(repeating: lines[lines.startIndex], count: added) + lines)
    }

    /// The text of `menuentry --source`, which comes from that line.
    init(source: [UInt8], file: String, line: Int) {
        let bytes = source + [0x0A]
        self.init(file: file, bytes: bytes, numbers: Array(repeating: line, count: bytes.count { $0 == 0x0A } + 1))
    }

    func place(at offset: Int) -> GRUBPlace {
        let line = line(at: offset)
        let number = line < numbers.count ? numbers[line] : (numbers.last ?? 0) + 1
        return GRUBPlace(file: file, line: number, column: offset - starts[line] + 1)
    }

    /// The index of the line that holds `offset`.
    private func line(at offset: Int) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}

/// Text that GRUB's parser refuses.
struct SyntaxError: Error {
    let what: String
    let place: GRUBPlace

    init(_ what: String, _ place: GRUBPlace) {
        self.what = what
        self.place = place
    }
}
