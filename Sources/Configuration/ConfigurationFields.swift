internal import BoundedBytes

/// The lines of a `key = value` file, each taken once.
struct ConfigurationFields {
    private struct Field {
        let line: Int
        let key: String
        let value: String
    }

    private var fields: [Field] = []
    /// More than there are keys: a file of many would take a time that grows with their square.
    private static let mostFields = 64

    init(parsing bytes: [UInt8]) throws(ConfigurationError) {
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) else {
            throw ConfigurationError(.notUTF8)
        }
        var number = 0
        for line in TextLines(bytes[...]) {
            number += 1
            let trimmed = Self.trim(line)
            if trimmed.isEmpty || trimmed.first == 0x23 { continue }
            guard let equals = trimmed.firstIndex(of: 0x3D) else {
                throw ConfigurationError(line: number, .noEqualsSign)
            }
            let key = String(decoding: Self.trim(trimmed[..<equals]), as: UTF8.self)
            let value = String(decoding: Self.trim(trimmed[trimmed.index(after: equals)...]), as: UTF8.self)
            guard !fields.contains(where: { $0.key == key }) else {
                throw ConfigurationError(line: number, key: key, .doubledKey)
            }
            guard fields.count < Self.mostFields else { throw ConfigurationError(line: number, .tooManyKeys) }
            fields.append(Field(line: number, key: key, value: value))
        }
    }

    func has(_ key: String) -> Bool { fields.contains { $0.key == key } }

    /// Takes the value of `key`, if the file has it.
    mutating func optional<Value>(
        _ key: String, _ rule: (expected: String, parse: (String) -> Value?)
    ) throws(ConfigurationError) -> Value? {
        guard let index = fields.firstIndex(where: { $0.key == key }) else { return nil }
        let field = fields.remove(at: index)
        guard let value = rule.parse(field.value) else {
            throw ConfigurationError(line: field.line, key: key, .value(expected: rule.expected))
        }
        return value
    }

    /// Takes the value of `key`, which the file must have unless there is a `marked` one; both must then be the same.
    mutating func required(
        _ key: String, _ rule: (expected: String, parse: (String) -> String?), marked: String?
    ) throws(ConfigurationError) -> String {
        let line = fields.first { $0.key == key }?.line
        let own = try optional(key, rule)
        if let own, let marked, own != marked { throw ConfigurationError(line: line, key: key, .crypttab(marked)) }
        guard let value = own ?? marked else { throw ConfigurationError(key: key, .missingKey) }
        return value
    }

    /// Refuses what nobody took.
    func finish() throws(ConfigurationError) {
        guard let field = fields.first else { return }
        throw ConfigurationError(line: field.line, key: field.key, .unknownKey)
    }

    private static func trim(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, isBlank(first) { text.removeFirst() }
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}
