internal import CJSON

extension JSONValue {
    /// The value as text, on one line.
    public var compact: String { serialized(shim_JSON_C_TO_STRING_PLAIN) }

    /// The value as text with a line for every member.
    public var pretty: String { serialized(shim_JSON_C_TO_STRING_PRETTY) }

    private func serialized(_ flags: Int32) -> String {
        let object = unsafe build()
        defer { unsafe json_object_put(object) }
        guard let text = unsafe json_object_to_json_string_ext(object, flags) else { return "null" }
        return unsafe String(cString: text)
    }

    /// A json-c tree that the caller owns; nil is JSON's null.
    private func build() -> OpaquePointer? {
        switch self {
        case .null: return nil
        case .bool(let flag): return unsafe json_object_new_boolean(flag ? 1 : 0)
        case .integer(let number): return unsafe json_object_new_int64(number)
        case .string(let text):
            let bytes = Array(text.utf8)
            return unsafe bytes.withUnsafeBytes {
                let start = unsafe $0.bindMemory(to: CChar.self).baseAddress
                return unsafe json_object_new_string_len(start, Int32(bytes.count))
            }
        case .array(let values):
            let array = unsafe json_object_new_array()
            for value in values { _ = unsafe json_object_array_add(array, value.build()) }
            return unsafe array
        case .object(let members):
            let object = unsafe json_object_new_object()
            for member in members { _ = unsafe json_object_object_add(object, member.name, member.value.build()) }
            return unsafe object
        }
    }
}
