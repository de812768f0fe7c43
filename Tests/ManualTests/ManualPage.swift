import Foundation
import TestSupport

/// The source of a page of the manual, without its markup. Sources: groff_man(7), groff_char(7).
struct ManualPage {
    struct Line {
        /// Without the dot; empty where the line is text.
        let macro: String
        let text: String
    }

    let lines: [Line]

    init(named name: String) throws { self.init(try Self.source(name)) }

    init(_ source: String) {
        lines = source.split(separator: "\n").filter { !$0.hasPrefix("'\\\"") }.map { line in
            guard line.hasPrefix(".") else { return Line(macro: "", text: Self.plain(line)) }
            let parts = line.dropFirst().split(separator: " ", maxSplits: 1)
            let text = parts.count > 1 ? parts[1].replacing("\"", with: "") : ""
            return Line(macro: String(parts.first ?? ""), text: Self.plain(Substring(text)))
        }
    }

    static func source(_ name: String) throws -> String { try Fixtures.text("../../Packaging/man/" + name) }

    private static func plain(_ text: Substring) -> String {
        var plain = text.replacing(/\\f[BIRP]/, with: "")
        for (escape, character) in [("\\-", "-"), ("\\(aq", "'"), ("\\c", ""), ("\\e", "\\")] {
            plain = plain.replacing(escape, with: character)
        }
        return String(plain)
    }

    /// The lines under a heading, up to the next one.
    subscript(heading: String) -> [Line] {
        let following = lines.drop { $0.macro != "SH" || $0.text != heading }.dropFirst()
        return Array(following.prefix { $0.macro != "SH" })
    }

    /// All of it besides what is under these headings.
    func text(without headings: Set<String>) -> String {
        var isKept = true
        var kept: [String] = []
        for line in lines {
            if line.macro == "SH" { isKept = !headings.contains(line.text) }
            if isKept { kept.append(line.text) }
        }
        return kept.joined(separator: "\n")
    }

    /// Options that a paragraph has as its tag, or as the first word of a line.
    var explainedOptions: Set<String> {
        var (isTag, isSynopsis) = (false, false)
        var explained: Set<String> = []
        for line in lines {
            if line.macro == "SH" { isSynopsis = line.text == "SYNOPSIS" }
            let text = isTag ? line.text : line.text.split(separator: " ").first.map(String.init) ?? ""
            if !isSynopsis, isTag || !line.macro.isEmpty { explained.formUnion(Synopsis.options(in: text)) }
            isTag = line.macro == "TP"
        }
        return explained
    }

    /// What each paragraph with a tag is about, outside of nested lists.
    func tags(_ heading: String) -> Set<String> {
        var depth = 0
        var isTag = false
        var tags: Set<String> = []
        for line in self[heading] {
            if line.macro == "RS" { depth += 1 }
            if line.macro == "RE" { depth -= 1 }
            if isTag, depth == 0 {
                tags.formUnion(line.text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            }
            isTag = line.macro == "TP"
        }
        return tags
    }

    /// What the section about them lists, in tables and as tags.
    var exitCodes: Set<Int32> {
        let rows = self["EXIT STATUS"].compactMap { $0.text.prefixMatch(of: /([0-9]+)\|/).map { String($0.1) } }
        return Set((rows + tags("EXIT STATUS")).compactMap { Int32($0) })
    }

    /// Each piece of text that is shown as it stands, with the paragraph before it.
    func displays(_ heading: String) -> [(before: String, text: String)] {
        var displays: [(before: String, text: String)] = []
        var shown: [String]?
        var before: [String] = []
        for line in self[heading] {
            switch line.macro {
            case "nf": shown = []
            case "fi":
                displays.append((before.joined(separator: " "), (shown ?? []).joined(separator: "\n")))
                (shown, before) = (nil, [])
            case "" where shown != nil: shown?.append(line.text)
            default: before.append(line.text)
            }
        }
        return displays
    }
}
