internal import BoundedBytes
internal import JSON

/// The kinds of members that a policy has. Each is nil where the member is absent.
extension ObjectReader<DocumentError> {
    private func expected(_ name: String, _ what: String) -> DocumentError {
        DocumentError(.policy, path(of: name), .expected(what))
    }

    /// A list of at least one string.
    mutating func nonEmpty(_ name: String) throws(DocumentError) -> [String] {
        let texts = try strings(name)
        guard !texts.isEmpty else { throw expected(name, "a list of at least one") }
        return texts
    }

    /// A list of byte strings in hexadecimal digits, each of one of these lengths in bytes.
    mutating func digits(_ name: String, _ lengths: [Int]) throws(DocumentError) -> [[UInt8]]? {
        guard peek(name) != nil else { return nil }
        var all: [[UInt8]] = []
        for text in try nonEmpty(name) {
            guard let bytes = Hexadecimal.decode(text), lengths.contains(bytes.count) else {
                let counts = lengths.map { String(2 * $0) }.joined(separator: " or ")
                throw expected(name, counts + " hexadecimal digits")
            }
            all.append(bytes)
        }
        return all
    }

    /// Digests of keys. All zero would be that of no key, which every guest without ID block has.
    mutating func keyDigests(_ name: String) throws(DocumentError) -> [[UInt8]]? {
        guard let digests = try digits(name, [48]) else { return nil }
        for digest in digests where !digest.contains(where: { $0 != 0 }) { throw expected(name, "the digest of a key") }
        return digests
    }

    mutating func number(_ name: String, upTo most: Int64) throws(DocumentError) -> Int64? {
        guard peek(name) != nil else { return nil }
        let number = try integer(name)
        guard (0...most).contains(number) else { throw expected(name, "between 0 and " + String(most)) }
        return number
    }

    mutating func level(_ name: String) throws(DocumentError) -> UInt8 {
        guard let number = try number(name, upTo: 255) else {
            throw DocumentError(.policy, path(of: name), .member(.missing))
        }
        return UInt8(number)
    }

    mutating func choice<Choice: RawRepresentable<String>>(
        _ name: String, among choices: [Choice]
    ) throws(DocumentError) -> Choice? {
        guard peek(name) != nil else { return nil }
        return try choice(string(name), name, choices)
    }

    mutating func choices<Choice: RawRepresentable<String>>(
        _ name: String, among choices: [Choice]
    ) throws(DocumentError) -> [Choice]? {
        guard peek(name) != nil else { return nil }
        var all: [Choice] = []
        for text in try nonEmpty(name) { all.append(try choice(text, name, choices)) }
        return all
    }

    private func choice<Choice: RawRepresentable<String>>(
        _ text: String, _ name: String, _ choices: [Choice]
    ) throws(DocumentError) -> Choice {
        for choice in choices where choice.rawValue == text { return choice }
        throw expected(name, "one of " + choices.map { $0.rawValue }.joined(separator: ", "))
    }

    /// An object of bits by name, each `refused`, `allowed` or `required`; those that are not named stay as they are.
    mutating func bitRules(
        _ name: String, _ rules: inout ReportRules.BitRules, mask: (String) -> UInt64?
    ) throws(DocumentError) {
        guard peek(name) != nil else { return }
        var reader = try object(name)
        for member in reader.rest() {
            let path = reader.path(of: member.name)
            guard let mask = mask(member.name) else { throw DocumentError(.policy, path, .member(.unknown)) }
            rules.refused &= ~mask
            rules.required &= ~mask
            switch member.value.string {
            case "refused": rules.refused |= mask
            case "allowed": continue
            case "required": rules.required |= mask
            default: throw DocumentError(.policy, path, .expected("one of refused, allowed, required"))
            }
        }
    }
}
