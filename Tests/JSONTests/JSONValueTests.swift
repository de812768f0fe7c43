import JSON
import Testing

@Suite struct JSONValueTests {
    @Test func readsEveryKindOfValue() throws {
        let value = try JSONValue(parsing: #" {"a":[null,true,-7,"x\u0000y"],"b":{}} "#)
        #expect(value["a"] == .array([.null, .bool(true), .integer(-7), .string("x\0y")]))
        #expect(value["b"] == .object([]))
        #expect(value["c"] == nil)
    }

    @Test func keepsTheOrderOfMembers() throws {
        let value = try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#)
        #expect(value.members?.map(\.name) == ["z", "a", "m"])
        #expect(value.compact == #"{"z":1,"a":2,"m":3}"#)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "nul", "\u{0}", "{} x", "[1] [2]", "//x\n1", "1.5", "1e3",
        "NaN", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "\"\\x\"", "01",
    ])
    func refusesWhatIsNoStrictJSON(_ text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test func readsTheLargestNumbers() throws {
        #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
        #expect(try JSONValue(parsing: "-9223372036854775807") == .integer(.min + 1))
    }

    @Test func refusesDeepNesting() {
        let text = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: text) }
    }

    @Test func refusesTextThatIsNotUTF8() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test func namesTheOffsetOfTrailingText() {
        #expect(throws: JSONError.syntax("unexpected character", offset: 3)) { try JSONValue(parsing: "{} x") }
    }

    /// json-c took 60 MB for a megabyte of `[0,0,...`.
    @Test func readsNoMoreValuesThanTheCallerAllows() throws {
        for (text, values) in [
            ("[0,1,2]", 4), (#"{"a":0,"b":{}}"#, 4), (#"["a,[{\",",1]"#, 3), ("7", 1), (#"[",\\",1]"#, 3),
        ] {
            _ = try JSONValue(parsing: Array(text.utf8), mostValues: values)
            #expect(throws: JSONError.tooManyValues, "\(text)") {
                try JSONValue(parsing: Array(text.utf8), mostValues: values - 1)
            }
        }
        let numbers = "[" + String(repeating: "0,", count: 1 << 16) + "0]"
        #expect(throws: JSONError.tooManyValues) { try JSONValue(parsing: numbers) }
        #expect(MemoryLayout<JSONValue>.stride <= 24)
    }
}
