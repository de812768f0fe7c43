/// Numbers as GRUB reads them.
///
/// Source: GRUB 2.06, `kern/misc.c`, `grub_strtoull`.
struct Number {
    /// All ones where the text does not fit into 64 bits.
    let value: UInt64
    /// How many bytes were read; the rest is not part of the number.
    let length: Int
    let error: Status?

    /// - Parameter base: 10, or 0 for decimal, `0x` or octal with a zero in front.
    init(_ text: some Collection<UInt8>, base: UInt64 = 0) {
        let text = Array(text)
        var at = text.prefix(while: \.isSpace).count
        func byte(_ index: Int) -> UInt8 { index < text.count ? text[index] : 0 }
        var base = base
        if byte(at) == 0x30, byte(at + 1) == 0x78, base == 0 {
            base = 16
            at += 2
        } else if byte(at) == 0x30, base == 0, (0x30...0x37).contains(byte(at + 1)) {
            base = 8
        }
        if base == 0 { base = 10 }
        var (value, isFound): (UInt64, Bool) = (0, false)
        while let digit = Self.digit(byte(at)), digit < base {
            isFound = true
            let (product, overflow) = value.multipliedReportingOverflow(by: base)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else {
                self.init(value: .max, length: at, error: .outOfRange)
                return
            }
            value = sum
            at += 1
        }
        self.init(value: isFound ? value : 0, length: at, error: isFound ? nil : .badNumber)
    }

    private init(value: UInt64, length: Int, error: Status?) {
        self.value = value
        self.length = length
        self.error = error
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte) - 0x30
        case 0x41...0x5A: UInt64(byte) - 0x41 + 10
        case 0x61...0x7A: UInt64(byte) - 0x61 + 10
        default: nil
        }
    }

    /// As GRUB narrows it where a C `int` is meant.
    var int: Int32 { Int32(truncatingIfNeeded: value) }
}
