internal import CJSON

extension JSONValue {
    /// Reads exactly one value. Where a name is doubled the last one counts, as in libcryptsetup, which
    /// reads the same bytes with the same library.
    ///
    /// - Parameter mostValues: json-c takes up to 300 bytes for a value that is written in two, so whoever reads
    ///   a hostile text says how many values it may have.
    public init(parsing bytes: [UInt8], mostValues: Int = 1 << 16) throws(JSONError) {
        guard Self.hasFewValues(bytes, most: mostValues) else { throw .tooManyValues }
        // libcryptsetup's limit is json-c's default; a guest's stack stands this depth easily.
        guard let tokener = unsafe json_tokener_new_ex(32) else { throw .tooDeep }
        defer { unsafe json_tokener_free(tokener) }
        unsafe json_tokener_set_flags(tokener, shim_JSON_TOKENER_STRICT)
        // The terminating zero tells json-c that a bare number has ended.
        let text = bytes + [0]
        guard bytes.count < Int(Int32.max), !bytes.contains(0) else {
            throw .syntax("NUL byte", offset: bytes.firstIndex(of: 0) ?? 0)
        }
        let root = unsafe text.withUnsafeBytes {
            let start = unsafe $0.bindMemory(to: CChar.self).baseAddress
            return unsafe json_tokener_parse_ex(tokener, start, Int32(text.count))
        }
        defer { unsafe json_object_put(root) }
        let end = Int(unsafe json_tokener_get_parse_end(tokener))
        let failure = unsafe json_tokener_get_error(tokener)
        guard failure != json_tokener_error_depth else { throw .tooDeep }
        guard failure == json_tokener_success else {
            guard let reason = unsafe json_tokener_error_desc(failure) else { throw .syntax("error", offset: end) }
            throw .syntax(unsafe String(cString: reason), offset: end)
        }
        self = try unsafe Self.convert(root)
    }

    public init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }

    /// Behind each comma and each opening bracket that is not in a string there is one value at most.
    private static func hasFewValues(_ text: [UInt8], most: Int) -> Bool {
        var (values, isString, isEscaped) = (1, false, false)
        for byte in text {
            switch byte {
            case _ where isEscaped: isEscaped = false
            case 0x22: isString.toggle()
            case 0x5C: isEscaped = isString
            case 0x2C, 0x5B, 0x7B: values += isString ? 0 : 1
            default: continue
            }
        }
        return values <= most
    }

    private static func convert(_ value: OpaquePointer?) throws(JSONError) -> JSONValue {
        guard let value = unsafe value else { return .null }
        switch unsafe json_object_get_type(value) {
        case json_type_boolean: return .bool(unsafe json_object_get_boolean(value) != 0)
        case json_type_int: return try unsafe integer(value)
        case json_type_string: return .string(unsafe text(of: value))
        case json_type_array:
            let count = unsafe json_object_array_length(value)
            var values: [JSONValue] = []
            values.reserveCapacity(Int(count))
            for index in 0..<count {
                values.append(try unsafe convert(json_object_array_get_idx(value, index)))
            }
            return .array(values)
        case json_type_object: return try unsafe object(value)
        default: throw .number(unsafe spelling(of: value))
        }
    }

    /// json-c clamps what does not fit. The upper bound shows in the unsigned getter; the lower one does
    /// not, so the smallest number itself is refused with what is below it.
    private static func integer(_ value: OpaquePointer) throws(JSONError) -> JSONValue {
        let number = unsafe json_object_get_int64(value)
        let isClamped = unsafe number == .max && json_object_get_uint64(value) != UInt64(Int64.max)
        guard !isClamped, number != .min else {
            throw .number(unsafe spelling(of: value))
        }
        return .integer(number)
    }

    private static func object(_ value: OpaquePointer) throws(JSONError) -> JSONValue {
        var members: [JSONMember] = []
        members.reserveCapacity(Int(unsafe json_object_object_length(value)))
        var position = unsafe json_object_iter_begin(value)
        var end = unsafe json_object_iter_end(value)
        while unsafe json_object_iter_equal(&position, &end) == 0 {
            guard let name = unsafe json_object_iter_peek_name(&position) else { break }
            let member = unsafe json_object_iter_peek_value(&position)
            members.append(JSONMember(unsafe String(cString: name), try unsafe convert(member)))
            unsafe json_object_iter_next(&position)
        }
        return .object(members)
    }

    /// Strings may hold an escaped NUL, so the length counts, not the terminator.
    private static func text(of value: OpaquePointer) -> String {
        guard let start = unsafe json_object_get_string(value) else { return "" }
        let count = Int(unsafe json_object_get_string_len(value))
        return unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) {
            unsafe String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }

    private static func spelling(of value: OpaquePointer) -> String {
        guard let start = unsafe json_object_to_json_string(value) else { return "?" }
        return unsafe String(cString: start)
    }
}
