internal import BoundedBytes
internal import EFI
public import JSON

private typealias Reader = ObjectReader<ReferenceError>

extension Reference {
    private static let version: Int64 = 1
    /// Longest manifest that is read, in bytes: some thousand programs.
    public static let longest = 1 << 20

    /// Reads a manifest. An unknown field or version is refused: it may be a rule that this version would not apply.
    public init(parsing bytes: [UInt8]) throws(ReferenceError) {
        let root: JSONValue
        do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch { throw ReferenceError("", .syntax(error)) }
        var reader = try Reader(root, at: "", wrap: ReferenceError.member)
        let version = try reader.integer("version")
        guard version == Self.version else { throw ReferenceError("version", .unknownVersion(version)) }
        programs = try reader.objects("programs") { (item) throws(ReferenceError) in try Program(&item) }
        drivers = try reader.objects("drivers") { (item) throws(ReferenceError) in try Driver(&item) }
        variables = try Self.pinned(reader.object("variables"), among: Self.pinnable)
        sbat = try Self.requirements(reader.object("sbat"))
        if let value = reader.optional("mok") {
            mok = try Self.pinned(Reader(value, at: "mok", wrap: ReferenceError.member), among: nil)
        } else {
            mok = nil
        }
        try reader.finish()
        guard programs.contains(where: { $0.role == .kernel || $0.role == .unifiedKernel }) else {
            throw ReferenceError("programs", .noKernel)
        }
    }

    /// The members in the order of this document, so that equal references give equal bytes.
    public var json: JSONValue {
        var members = [
            JSONMember("version", .integer(Self.version)),
            JSONMember("programs", .array(programs.map { $0.json })),
            JSONMember("drivers", .array(drivers.map { $0.json })),
            JSONMember("variables", Self.object(variables)),
            JSONMember("sbat", .object(sbat.map { JSONMember($0.component, .integer(Int64($0.generation))) })),
        ]
        if let mok { members.append(JSONMember("mok", Self.object(mok))) }
        return .object(members)
    }

    private static func object(_ pinned: [Pinned]) -> JSONValue {
        .object(pinned.map { JSONMember($0.name, .string(Hexadecimal.encode($0.digest))) })
    }

    private static func pinned(_ reader: Reader, among names: [String]?) throws(ReferenceError) -> [Pinned] {
        var reader = reader
        var pinned: [Pinned] = []
        for member in reader.rest() {
            let path = reader.path(of: member.name)
            if let names, !names.contains(member.name) { throw ReferenceError(path, .member(.unknown)) }
            pinned.append(Pinned(name: member.name, digest: try digest(member.value.string, path)))
        }
        return pinned
    }

    private static func requirements(_ reader: Reader) throws(ReferenceError) -> [SBATLevel.Requirement] {
        var reader = reader
        var requirements: [SBATLevel.Requirement] = []
        for member in reader.rest() {
            guard let number = member.value.integer, let generation = UInt32(exactly: number), generation > 0 else {
                throw ReferenceError(reader.path(of: member.name), .member(.wrongType(.integer)))
            }
            requirements.append(SBATLevel.Requirement(component: member.name, generation: generation))
        }
        return requirements
    }

    fileprivate static func digest(_ text: String?, _ path: String) throws(ReferenceError) -> [UInt8] {
        guard let text, let bytes = Hexadecimal.decode(text), bytes.count == 32 else {
            throw ReferenceError(path, .digest)
        }
        return bytes
    }
}

extension Reference.Program {
    fileprivate init(_ reader: inout Reader) throws(ReferenceError) {
        let name = try reader.string("role")
        guard let role = Reference.Role(rawValue: name) else {
            throw ReferenceError(reader.path(of: "role"), .value(name))
        }
        self.role = role
        digest = try Reference.digest(reader.string("sha256"), reader.path(of: "sha256"))
        file = try reader.string("file")
        version = reader.peek("version") == nil ? nil : try reader.string("version")
        signers = reader.peek("signers") == nil ? [] : try reader.strings("signers")
    }

    fileprivate var json: JSONValue {
        var members = [
            JSONMember("role", .string(role.rawValue)), JSONMember("sha256", .string(Hexadecimal.encode(digest))),
            JSONMember("file", .string(file)),
        ]
        if let version { members.append(JSONMember("version", .string(version))) }
        if !signers.isEmpty { members.append(JSONMember("signers", .array(signers.map { .string($0) }))) }
        return .object(members)
    }
}

extension Reference.Driver {
    fileprivate init(_ reader: inout Reader) throws(ReferenceError) {
        digest = try Reference.digest(reader.string("sha256"), reader.path(of: "sha256"))
        file = try reader.string("file")
    }

    fileprivate var json: JSONValue {
        .object([JSONMember("sha256", .string(Hexadecimal.encode(digest))), JSONMember("file", .string(file))])
    }
}

extension ObjectReader<ReferenceError> {
    /// A list of objects, each read by `body` to its last member.
    fileprivate mutating func objects<Item>(
        _ name: String, _ body: (inout ObjectReader) throws(ReferenceError) -> Item
    ) throws(ReferenceError) -> [Item] {
        var items: [Item] = []
        for (index, value) in try array(name).enumerated() {
            let path = path(of: name) + "[" + String(index) + "]"
            var reader = try ObjectReader(value, at: path, wrap: ReferenceError.member)
            items.append(try body(&reader))
            try reader.finish()
        }
        return items
    }
}
