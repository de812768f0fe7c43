internal import BoundedBytes
internal import Cryptography
internal import JSON

typealias MetadataReader = ObjectReader<HeaderError>

extension ObjectReader<HeaderError> {
    /// A number below 2⁶⁴ that JSON holds as a string: decimal digits without leading zeros.
    mutating func decimal(_ name: String) throws(HeaderError) -> UInt64 {
        let text = try string(name)
        guard let number = Decimal.parse(text) else {
            throw .refused(.number, object: path(of: name), found: text)
        }
        return number
    }

    /// A string that must be one of `allowed`.
    mutating func only(_ allowed: String, _ name: String, _ rule: HeaderRule) throws(HeaderError) {
        let text = try string(name)
        guard HeaderCheck.accepts(text == allowed) else { throw .refused(rule, object: path(of: name), found: text) }
    }

    /// An integer within bounds.
    mutating func integer(_ name: String, in allowed: ClosedRange<Int>, _ rule: HeaderRule) throws(HeaderError) -> Int {
        let number = try integer(name)
        guard let value = Int(exactly: number), allowed.contains(value) else {
            throw .refused(rule, object: path(of: name), found: "\(number)")
        }
        return value
    }

    /// A hash that is strong enough: any of the SHA-2 family that we know.
    mutating func hash(_ name: String, _ rule: HeaderRule) throws(HeaderError) -> DigestAlgorithm {
        let text = try string(name)
        guard let algorithm = DigestAlgorithm(rawValue: text), algorithm != .sha1 else {
            throw .refused(rule, object: path(of: name), found: text)
        }
        return algorithm
    }

    /// Bytes in Base64, as many as `allowed`.
    mutating func bytes(
        _ name: String, count allowed: ClosedRange<Int>, _ rule: HeaderRule
    ) throws(HeaderError) -> [UInt8] {
        let text = try string(name)
        guard let bytes = Base64.decode(text) else { throw .refused(.base64, object: path(of: name), found: text) }
        guard allowed.contains(bytes.count) else {
            throw .refused(rule, object: path(of: name), found: "\(bytes.count) bytes")
        }
        return bytes
    }

    /// The ids of other objects, ascending and each once.
    mutating func ids(_ name: String) throws(HeaderError) -> [Int] {
        var ids: [Int] = []
        for text in try strings(name) {
            guard let id = Decimal.id(text), !ids.contains(id) else {
                throw .refused(.objectID, object: path(of: name), found: text)
            }
            ids.append(id)
        }
        return ids.sorted()
    }

    /// The objects of a section, whose names are ids, ascending.
    mutating func objects<Object>(
        _ name: String, _ make: (Int, ObjectReader) throws(HeaderError) -> Object
    ) throws(HeaderError) -> [Object] {
        var section = try object(name)
        var objects: [(id: Int, object: Object)] = []
        for member in section.rest() {
            guard let id = Decimal.id(member.name) else {
                throw .refused(.objectID, object: path(of: name), found: member.name)
            }
            let reader = try ObjectReader(member.value, at: section.path(of: member.name), wrap: HeaderError.member)
            objects.append((id, try make(id, reader)))
        }
        return objects.sorted { $0.id < $1.id }.map { $0.object }
    }
}

/// Decimal numbers in strings, with one spelling each.
enum Decimal {
    /// LUKS2 allows ids 0 to 31 for each kind of object.
    static func id(_ text: String) -> Int? {
        guard let number = parse(text), number < 32 else { return nil }
        return Int(number)
    }

    static func parse(_ text: String) -> UInt64? {
        let digits = Array(text.utf8)
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits[0] != 0x30
        else { return nil }
        return UInt64(text)
    }
}
