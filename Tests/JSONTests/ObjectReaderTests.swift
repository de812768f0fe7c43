import JSON
import Testing

@Suite struct ObjectReaderTests {
    struct Failure: Error, Equatable {
        let member: MemberError

        init(_ path: String, _ problem: MemberError.Problem) { member = MemberError(path: path, problem: problem) }
        init(_ member: MemberError) { self.member = member }
    }

    private func reader(_ text: String) throws -> ObjectReader<Failure> {
        try ObjectReader(JSONValue(parsing: text), at: "", wrap: { Failure($0) })
    }

    @Test func readsMembersInAnyOrderAndKnowsWhichAreLeft() throws {
        var object = try reader(#"{"a":1,"b":"x","c":{"d":["y","z"]},"e":null}"#)
        #expect(try object.string("b") == "x")
        #expect(try object.integer("a") == 1)
        var inner = try object.object("c")
        #expect(inner.path == "c")
        #expect(try inner.strings("d") == ["y", "z"])
        try inner.finish()
        #expect(object.peek("e") == .null)
        #expect(object.whole == .object([JSONMember("e", .null)]))
        #expect(throws: Failure("e", .unknown)) { try object.finish() }
        #expect(object.optional("e") == .null)
        #expect(object.optional("e") == nil)
        try object.finish()
    }

    @Test func namesTheMemberByItsPath() throws {
        var object = try reader(#"{"a":{"b":{"c":1}}}"#)
        var a = try object.object("a")
        var b = try a.object("b")
        #expect(throws: Failure("a.b.x", .missing)) { try b.value("x") }
        #expect(throws: Failure("a.b.c", .wrongType(.string))) { try b.string("c") }
    }

    @Test func namesTheTypeThatWasExpected() throws {
        let text = #"{"a":true}"#
        var object = try reader(text)
        #expect(throws: Failure("a", .wrongType(.integer))) { try object.integer("a") }
        object = try reader(text)
        #expect(throws: Failure("a", .wrongType(.array))) { try object.array("a") }
        object = try reader(text)
        #expect(throws: Failure("a", .wrongType(.object))) { try object.object("a") }
        object = try reader(#"{"a":["x",1]}"#)
        #expect(throws: Failure("a", .wrongType(.arrayOfStrings))) { try object.strings("a") }
        #expect(throws: Failure("", .wrongType(.object))) { try reader("[]") }
    }

    @Test func givesOutTheRestInTheOrderOfTheText() throws {
        var object = try reader(#"{"z":1,"a":2,"m":3}"#)
        _ = try object.integer("a")
        #expect(object.rest().map(\.name) == ["z", "m"])
        try object.finish()
    }
}
