internal import FUSEMount

/// Numbers as the kernel reads them from attributes.
enum KernelNumber {
    /// Source: Linux, `lib/kstrtox.c`, kstrtouint with base 0: decimal, `0x` hexadecimal, `0` octal; a plus sign before,
    /// one line feed after.
    static func unsigned(_ bytes: [UInt8]) throws(FileSystemFailure) -> UInt32 {
        // The kernel's text ends at a zero.
        var digits = bytes.prefix { $0 != 0 }
        if digits.last == 0x0A { digits = digits.dropLast() }
        if digits.first == 0x2B { digits = digits.dropFirst() }
        var radix: UInt64 = 10
        if digits.first == 0x30 {
            let second = digits.dropFirst().first
            let isHexadecimal = (second == 0x78 || second == 0x58) && digits.dropFirst(2).first.flatMap(digit) != nil
            radix = isHexadecimal ? 16 : 8
            if isHexadecimal { digits = digits.dropFirst(2) }
        }
        guard !digits.isEmpty else { throw .invalid }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = digit(byte), digit < radix else { throw .invalid }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw .outOfRange }
            value = sum
        }
        guard let number = UInt32(exactly: value) else { throw .outOfRange }
        return number
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        default: nil
        }
    }
}
