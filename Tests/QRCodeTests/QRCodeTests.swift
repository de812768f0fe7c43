import Foundation
import QRCode
import RecoveryKeys
import Secrets
import TestSupport
import Testing

/// What two programs of others make of it: `qrencode` draws the same, and `zbarimg` reads it.
@Suite struct QRCodeTests {
    private static let key = "iefgcelh-biduvkjv-cjvuncnk-vlfchdid-jhtuhhde-urkllkeg-ilkjgbrt-hjkbgktj"

    private func text(_ data: String, isColored: Bool = false) throws -> String {
        let drawing = try QRCode(encoding: Array(data.utf8).span).text(isColored: isColored)
        return String(decoding: drawing.bytes.indices.map { drawing.bytes[$0] }, as: UTF8.self)
    }

    @Test(arguments: [key, "a", String(repeating: "x", count: 2331)])
    func drawsWhatQrencodeDraws(_ data: String) throws {
        let scratch = try Scratch()
        try scratch.write(Array(data.utf8), to: "data")
        let plain = try scratch.shell("qrencode -8 -l M -m 4 -t UTF8 -r data -o -")
        #expect(try text(data) == plain + "\n")
        let colored = try scratch.shell("qrencode -8 -l M -m 4 -t ANSIUTF8 -r data -o -")
        #expect(try text(data, isColored: true) == colored + "\n")
    }

    @Test func aDecoderReadsTheKeyBack() throws {
        let scratch = try Scratch()
        try scratch.write(Self.bitmap(of: try text(Self.key)), to: "code.pbm")
        #expect(try scratch.shell("zbarimg --quiet --raw code.pbm") == Self.key)
    }

    @Test func hasAQuietZoneOfFourModules() throws {
        let lines = try text(Self.key).split(separator: "\n")
        let width = try QRCode(encoding: Array(Self.key.utf8).span).width
        #expect(lines.allSatisfy { $0.count == width + 8 })
        for line in lines {
            #expect(line.prefix(4).allSatisfy { $0 == "█" } && line.suffix(4).allSatisfy { $0 == "█" })
        }
        #expect((lines.prefix(2) + lines.suffix(1)).allSatisfy { $0.allSatisfy { $0 == "█" } })
    }

    @Test(arguments: [0, 2332]) func refusesWhatNoSymbolHolds(_ count: Int) {
        let data = [UInt8](repeating: 0x78, count: count)
        #expect(throws: QRCodeError.self) { _ = try QRCode(encoding: data.span) }
    }

    /// The drawing as a portable bitmap, eight pixels a module; what is not drawn is black.
    private static func bitmap(of text: String) -> [UInt8] {
        var rows: [[Bool]] = []
        for line in text.split(separator: "\n") {
            rows.append(line.map { $0 == "▄" || $0 == " " })
            rows.append(line.map { $0 == "▀" || $0 == " " })
        }
        let scale = 8
        let header = "P1\n\((rows.first?.count ?? 0) * scale) \(rows.count * scale)\n"
        let pixels = rows.flatMap { row in
            let line = row.flatMap { [String](repeating: $0 ? "1" : "0", count: scale) }.joined(separator: " ") + "\n"
            return [String](repeating: line, count: scale)
        }
        return Array((header + pixels.joined()).utf8)
    }
}
