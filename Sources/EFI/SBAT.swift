internal import BoundedBytes

/// One line of a `.sbat` section: a component of the image and its security generation.
///
/// Source: rhboot/shim, `SBAT.md` and `sbat.c`: component, generation, vendor, package, version, URL.
public struct SBATEntry: Equatable, Sendable {
    public let component: String
    public let generation: UInt32
    public let vendor: String
    public let package: String
    public let version: String
    public let url: String

    /// Reads the content of a `.sbat` section; zeros may follow the text.
    public static func parse(_ section: [UInt8]) throws(EFIError) -> [SBATEntry] {
        var entries: [SBATEntry] = []
        try SBATText.read(section) { number, fields throws(EFIError) in
            guard fields.count == 6, let generation = SBATText.generation(fields[1]) else { throw .line(.sbat, number) }
            entries.append(
                SBATEntry(
                    component: fields[0], generation: generation, vendor: fields[2], package: fields[3],
                    version: fields[4], url: fields[5]))
        }
        guard !entries.isEmpty else { throw .line(.sbat, 1) }
        return entries
    }
}

/// The least generations that a machine still boots: the variable SbatLevel.
///
/// Source: rhboot/shim, `SbatLevel_Variable.txt` and `sbat.c`.
public struct SBATLevel: Equatable, Sendable {
    public struct Requirement: Equatable, Sendable {
        public let component: String
        public let generation: UInt32

        public init(component: String, generation: UInt32) {
            self.component = component
            self.generation = generation
        }
    }

    public let requirements: [Requirement]
    /// The third field of the first line, such as "2021030218": when this level was made. Empty where it has none.
    public let date: String

    /// Reads the variable's data, without attributes. Its first line is `sbat,1,DATE`.
    public init(parsing text: [UInt8]) throws(EFIError) {
        var requirements: [Requirement] = []
        var date = ""
        try SBATText.read(text) { number, fields throws(EFIError) in
            guard fields.count >= 2, let generation = SBATText.generation(fields[1]) else { throw .line(.sbat, number) }
            if requirements.isEmpty {
                guard fields[0] == "sbat" else { throw .line(.sbat, number) }
                date = fields.count > 2 ? fields[2] : ""
            }
            requirements.append(Requirement(component: fields[0], generation: generation))
        }
        guard !requirements.isEmpty else { throw .line(.sbat, 1) }
        self.requirements = requirements
        self.date = date
    }

    public enum Verdict: Equatable, Sendable, CustomStringConvertible {
        case accepted
        case revoked(component: String, generation: UInt32, required: UInt32)
        /// The image has no `.sbat` section, and a level is set.
        case noSBAT

        public var description: String {
            switch self {
            case .accepted: "accepted by SBAT"
            case .revoked(let component, let generation, let required):
                "revoked by SBAT: \(component) is of generation \(generation), \(required) is required"
            case .noSBAT: "has no SBAT section"
            }
        }
    }

    /// Whether shim would start an image with these entries; nil where the image has no `.sbat` section.
    public func verdict(for entries: [SBATEntry]?) -> Verdict {
        guard let entries else { return .noSBAT }
        for entry in entries {
            for requirement in requirements
            where requirement.component == entry.component && entry.generation < requirement.generation {
                return .revoked(
                    component: entry.component, generation: entry.generation, required: requirement.generation)
            }
        }
        return .accepted
    }
}

/// The lines of comma-separated text that sections and variables share. No field is quoted.
private enum SBATText {
    /// Some twenty times as many as any image or level has.
    private static let mostLines = 256
    /// More than any line has that is used; what is behind them stays one field.
    private static let mostFields = 7

    /// Hands over the fields of each line that is not empty, with its number from 1. Zeros may follow the text, nothing
    /// else.
    static func read(_ bytes: [UInt8], _ take: (Int, [String]) throws(EFIError) -> Void) throws(EFIError) {
        let text = bytes.prefix { $0 != 0 }
        var (number, taken) = (0, 0)
        for line in TextLines(text) {
            number += 1
            let content = line.last == 0x0D ? line.dropLast() : line
            guard content.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .line(.sbat, number) }
            guard !content.isEmpty else { continue }
            taken += 1
            guard taken <= mostLines else { throw .line(.sbat, number) }
            let fields = content.split(separator: 0x2C, maxSplits: mostFields - 1, omittingEmptySubsequences: false)
            try take(number, fields.map { String(decoding: $0, as: UTF8.self) })
        }
        guard bytes[text.count...].allSatisfy({ $0 == 0 }) else { throw .line(.sbat, number) }
    }

    /// A decimal number above zero, of digits alone.
    static func generation(_ field: String) -> UInt32? {
        guard !field.isEmpty, field.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(field).flatMap { $0 > 0 ? $0 : nil }
    }
}
