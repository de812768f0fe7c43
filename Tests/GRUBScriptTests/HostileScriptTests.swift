import GRUBScript
import TestSupport
import Testing

/// Configurations that an enemy wrote, or that were cut off.
@Suite struct HostileScriptTests {
    @Test(.timeLimit(.minutes(5))) func endsForEveryLengthOfAConfiguration() throws {
        let whole = try Fixtures.bytes("grub-variety/boot/grub/grub.cfg")
        var (malformed, others) = (0, 0)
        var disk = try RealBootTests.variety(boot: 1)
        let machine = try Machines.debian()
        for length in 0..<whole.count {
            disk.files["hd0,gpt2"]?["/grub/grub.cfg"] = Array(whole.prefix(length))
            switch try GRUBPrediction.make(machine: machine, disk: disk).ending {
            case .malformed(_, let place):
                malformed += 1
                #expect(place.file == "(hd0,gpt2)/grub/grub.cfg", "cut to \(length) bytes")
            case .boots, .unpredictable, .noEntry: others += 1
            }
        }
        // Cut within braces or quotes, or between statements.
        #expect(malformed > 1000)
        #expect(others > 1000)
    }

    struct Flood: Sendable, CustomTestStringConvertible {
        let start: String
        let repeated: String
        let count: Int
        let end: String
        var script: String { start + String(repeating: repeated, count: count) + end + "\n" }
        var testDescription: String { "\(start)\(repeated) \(count) times, then \(end)".debugDescription }

        init(_ repeated: String, _ count: Int, after start: String = "", _ end: String = "") {
            (self.start, self.repeated, self.count, self.end) = (start, repeated, count, end)
        }
    }

    @Test(arguments: [
        Flood("if true; then ", 10_000), Flood("menuentry a { ", 10_000), Flood("(", 100_000),
        Flood("\"$a\"", 100_000, "x"),
        Flood("a ", 100_000, after: "echo "), Flood("a", 500_000), Flood("true;", 200_000, "true"),
        Flood("elif false; then true; ", 20_000, after: "if false; then true; ", "fi"), Flood("( ", 1_000, after: "[ "),
        Flood("menuentry a { true; }\n", 20_000, "set default=19999\nset timeout=0"), Flood("\\\n", 100_000, "a"),
        Flood("*", 200, after: "x=", "\necho /grub/$x$x/$x"), Flood("#\n", 100_000),
        Flood("'\n", 100_000, after: "echo "),
        Flood("function g { f; }\n", 2, after: "function f { g; }\n", "f"), Flood("$", 100_000, after: "echo a"),
        Flood("submenu a { source /grub/grub.cfg; }\n", 2, "set timeout=0"), Flood("\"\\", 100_000, after: "echo "),
    ]) func endsInTime(_ flood: Flood) throws {
        let script = flood.script
        let clock = ContinuousClock()
        var ending: GRUBEnding?
        let time = try clock.measure { ending = try Scripts.predict(script).ending }
        if case .boots = ending { Issue.record("it boots") }
        #expect(time < .seconds(60))
    }

    @Test func parsesDeepTextsInDeepCalls() throws {
        let nested = String(repeating: "if false; then ", count: 58) + "true; " + String(repeating: "fi; ", count: 58)
        let ending = try Scripts.predict(nested + "true\nsource /grub/grub.cfg\n").ending
        let place = GRUBPlace(file: "(hd0,gpt2)/grub/grub.cfg", line: 2, column: 1)
        #expect(ending == .unpredictable("GRUB's limit of nested statements", place))
    }

    @Test func saysWhereASyntaxErrorIs() throws {
        let cases = [
            ("true\n  echo 'a\n", 2, 8, "a quote without its end"),
            ("if true; then\ntrue\n", 3, 1, "the end of the file"),
            ("true\r\n#x\r\necho a }\n", 3, 8, "'}'"), ("echo $/\n", 1, 6, "the name of a variable"),
            ("echo a\0b\n", 1, 7, "NUL"), ("true; ;\n", 1, 7, "';'"),
            ("menuentry a {\ntrue\n#}\nfi\n}\n", 4, 1, "'fi'"),
        ]
        for (script, line, column, what) in cases {
            guard case .malformed(let text, let place) = try Scripts.predict(script).ending else {
                Issue.record("\(script) is taken")
                continue
            }
            #expect(text.contains(what), "\(script): \(text)")
            #expect(place == GRUBPlace(file: "(hd0,gpt2)/grub/grub.cfg", line: line, column: column), "\(script)")
        }
    }
}
