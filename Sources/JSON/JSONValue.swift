/// One JSON value, without the numbers that none of our formats use: every number is a 64-bit integer.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    public var members: [JSONMember]? { if case .object(let members) = self { members } else { nil } }

    /// The member of that name, where this is an object that has one.
    public subscript(name: String) -> JSONValue? { members?.first { $0.name == name }?.value }
}

/// One name and its value, in the order of the text.
public struct JSONMember: Equatable, Sendable {
    public let name: String
    public let value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
        self.name = name
        self.value = value
    }
}

/// Why a text is not the JSON that we read.
public enum JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// json-c's own words, and the offset in bytes where it stopped.
    case syntax(String, offset: Int)
    /// A number with a fraction or exponent, or not between -2⁶³ + 1 and 2⁶³ - 1.
    case number(String)
    case tooDeep
    case tooManyValues

    public var description: String {
        switch self {
        case .syntax(let reason, let offset): "JSON at byte \(offset): \(reason)"
        case .number(let text): "JSON: \(text) is not a 64-bit integer"
        case .tooDeep: "JSON: nested too deeply"
        case .tooManyValues: "JSON: too many values"
        }
    }
}
