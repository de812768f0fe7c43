internal import CQRencode
public import Secrets

/// A QR symbol of a secret, drawn with characters. Source: ISO/IEC 18004; libqrencode makes the symbol.
public struct QRCode: ~Copyable {
    /// One byte a module, 1 where it is dark; row by row.
    private let modules: SecretBytes
    /// Modules a side, without the quiet zone.
    public let width: Int

    /// Modules that must stay light around the symbol. Source: ISO/IEC 18004, "Quiet zone".
    public static let quietZone = 4

    /// - Parameter data: at most 2331 bytes, which is what the largest symbol holds at this level.
    /// - Throws: `QRCodeError` where there is nothing to encode, too much of it, or no memory.
    public init(encoding data: Span<UInt8>) throws(QRCodeError) {
        // Level M: a screen that is photographed at an angle has some glare, but no holes.
        let code = unsafe data.withUnsafeBytes {
            unsafe QRcode_encodeData(
                Int32(clamping: $0.count), $0.bindMemory(to: UInt8.self).baseAddress, 0, QR_ECLEVEL_M)
        }
        guard let code = unsafe code else { throw QRCodeError(byteCount: data.count) }
        defer { unsafe shim_wipe_and_free(code) }
        width = Int(unsafe code.pointee.width)
        modules = SecretBytes(count: width * width) { output in
            // Bit 0 of a module is its colour; the others are the library's notes.
            for index in 0..<output.count { unsafe output[index] = code.pointee.data[index] & 1 }
        }
    }

    /// Lines of UTF-8 text, each two rows of modules high, with the quiet zone and a line end after each.
    ///
    /// Light modules are drawn and dark ones left out, since most terminals are dark; where `isColored`, each line sets
    /// white on black itself (ECMA-48, SGR) and any terminal shows the symbol the right way round.
    public func text(isColored: Bool) -> SecretBytes {
        let (before, after) = isColored ? (Array("\u{1B}[40;37;1m".utf8), Array("\u{1B}[0m\n".utf8)) : ([], [0x0A])
        let side = width + 2 * Self.quietZone
        let lines = stride(from: 0, to: side, by: 2)
        var count = 0
        for top in lines {
            count += before.count + after.count
            for column in 0..<side { count += cell(top, column).count }
        }
        return SecretBytes(count: count) { output in
            var end = 0
            for top in lines {
                Self.append(before, to: &output, &end)
                for column in 0..<side { Self.append(cell(top, column), to: &output, &end) }
                Self.append(after, to: &output, &end)
            }
        }
    }

    private static func append(_ bytes: [UInt8], to output: inout MutableSpan<UInt8>, _ end: inout Int) {
        for byte in bytes {
            output[end] = byte
            end += 1
        }
    }

    private static let full = Array("█".utf8)
    private static let upper = Array("▀".utf8)
    private static let lower = Array("▄".utf8)
    private static let none = Array(" ".utf8)

    /// The character for two modules, one above the other; outside of the symbol all are light.
    private func cell(_ top: Int, _ column: Int) -> [UInt8] {
        switch (isDark(top, column), isDark(top + 1, column)) {
        case (false, false): Self.full
        case (false, true): Self.upper
        case (true, false): Self.lower
        case (true, true): Self.none
        }
    }

    private func isDark(_ row: Int, _ column: Int) -> Bool {
        let (row, column) = (row - Self.quietZone, column - Self.quietZone)
        guard 0..<width ~= row, 0..<width ~= column else { return false }
        return modules.bytes[row * width + column] == 1
    }
}

/// A text that no QR symbol could be made of.
public struct QRCodeError: Error, Equatable, CustomStringConvertible {
    public let byteCount: Int
    public var description: String { "no QR code can be made of " + String(byteCount) + " bytes" }
}
