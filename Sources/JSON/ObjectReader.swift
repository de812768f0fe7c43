/// Takes the members out of one JSON object by name, and knows which of them nobody asked for.
///
/// For formats that refuse what they do not know: read every member, then `finish`. Each failure names the
/// member by its path from the root, such as `tpm2.parent.name`. `wrap` turns it into the error of the format.
public struct ObjectReader<Failure: Error> {
    /// Path of the object itself; empty for the root.
    public let path: String
    private var unread: [JSONMember]
    private let wrap: (MemberError) -> Failure

    public init(_ value: JSONValue, at path: String, wrap: @escaping (MemberError) -> Failure) throws(Failure) {
        guard let members = value.members else { throw wrap(MemberError(path: path, problem: .wrongType(.object))) }
        self.path = path
        self.unread = members
        self.wrap = wrap
    }

    /// The members nobody has asked for yet, as an object: all of them, before the first question.
    public var whole: JSONValue { .object(unread) }

    /// The path of the member of that name.
    public func path(of name: String) -> String { path.isEmpty ? name : path + "." + name }

    /// The member of that name, or nil where there is none.
    public mutating func optional(_ name: String) -> JSONValue? {
        guard let index = unread.firstIndex(where: { $0.name == name }) else { return nil }
        return unread.remove(at: index).value
    }

    /// As `optional`, but the member stays.
    public func peek(_ name: String) -> JSONValue? { unread.first { $0.name == name }?.value }

    public mutating func value(_ name: String) throws(Failure) -> JSONValue {
        guard let value = optional(name) else { throw failure(name, .missing) }
        return value
    }

    public mutating func string(_ name: String) throws(Failure) -> String {
        guard let text = try value(name).string else { throw failure(name, .wrongType(.string)) }
        return text
    }

    public mutating func integer(_ name: String) throws(Failure) -> Int64 {
        guard let number = try value(name).integer else { throw failure(name, .wrongType(.integer)) }
        return number
    }

    public mutating func array(_ name: String) throws(Failure) -> [JSONValue] {
        guard let values = try value(name).array else { throw failure(name, .wrongType(.array)) }
        return values
    }

    /// The member as a list of strings.
    public mutating func strings(_ name: String) throws(Failure) -> [String] {
        var texts: [String] = []
        for value in try array(name) {
            guard let text = value.string else { throw failure(name, .wrongType(.arrayOfStrings)) }
            texts.append(text)
        }
        return texts
    }

    public mutating func object(_ name: String) throws(Failure) -> ObjectReader {
        try ObjectReader(value(name), at: path(of: name), wrap: wrap)
    }

    /// Every member that is left, in the order of the text: for objects whose names are data.
    public mutating func rest() -> [JSONMember] {
        defer { unread = [] }
        return unread
    }

    /// Ends the reading: a member that nobody asked for is an error.
    public func finish() throws(Failure) {
        if let member = unread.first { throw failure(member.name, .unknown) }
    }

    private func failure(_ name: String, _ problem: MemberError.Problem) -> Failure {
        wrap(MemberError(path: path(of: name), problem: problem))
    }
}

/// Which member of a JSON object is not as its format says, and how.
public struct MemberError: Error, Equatable, Sendable {
    public enum Kind: String, Sendable {
        case object, string, integer, array
        case arrayOfStrings = "array of strings"
    }

    public enum Problem: Equatable, Sendable {
        case missing
        case wrongType(Kind)
        case unknown
    }

    /// Names from the root, with dots between. It may hold a name from the input: escape it before it is shown.
    public let path: String
    public let problem: Problem

    public init(path: String, problem: Problem) {
        self.path = path
        self.problem = problem
    }
}
