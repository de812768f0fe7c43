import GRUBScript
import TestSupport
import Testing

/// GRUB's own programs for user space, on the same scripts.
@Suite struct PeerTests {
    /// Every command that matters is an `echo` of a text that begins with `@`.
    private static let script = #"""
        a='x  y' ; b="$a z" c=ignored; e=
        echo @1 $a "$a" '$a' \$a "\$a\"\\ \n" "$b" [$c] $e "$e" ""
        echo @2 pre${a}post "pre${a}post" $a$a ${nosuch}x $1 "$1" $# $@ "$@" $* x
        set "name with blanks=v"; set 1=one
        echo @3 "$1" "${1}" $? "$?"
        false; echo @4 $?
        ! true; echo @5 $?
        ! nosuchcommand; echo @6 $?
        test 1 -gt; echo @7 $?
        [ ! ]; echo @8 $?
        [ "" ]; echo @9 $?
        [ a -a "" -o b ]; echo @10 $?
        [ ( a -a "" ) -o ! b ]; echo @11 $?
        [ 010 -eq 8 -a 0x1F -eq 31 -a -5 -lt -4 -a 4294967297 -eq 1 ]; echo @12 $?
        [ linux-5.9 -plt linux-5.10 -a a10 -pgt a9 ]; echo @13 $?
        [ b ">=" a -a a "<=" a -a b ">" a -a ! b "<" a ]; echo @14 $?
        [ = = = ]; echo @15 $?
        [ a = a = a ]; echo @16 $?
        function f {
          echo @17 $# "$1" "$*" $0
          for x in "$@"; do echo @18 "<$x>"; done
          for x in $@; do echo @19 "<$x>"; done
          shift 2; echo @20 $# $1; shift 9; echo @21 $? $#
          setparams p "q r"; echo @22 $2 $#
          if [ $# = 2 ]; then return 7; echo @never; fi
          echo @never
        }
        f 'one two' '' three; echo @23 $?
        function g { f a b; echo @24 $?; false; return; }
        if g; then echo @never; else echo @25 $?; fi
        return 4; echo @26 $?
        break; echo @27 $?
        break 0; echo @28 $?
        for i in 1 2 3; do for j in a b c; do if [ $j = b ]; then continue; fi; if [ $i$j = 2c ]; then break 2; fi; echo @29 $i$j; done; done
        for i in; do echo @never; done; echo @30 $?
        n=; while [ "$n" != aaa ]; do n=a$n; echo @31 $n; done; echo @32 $?
        until [ -z "$n" ]; do n=; done; echo @33 $?
        if false; then echo @never; elif false; then echo @never; elif true; then echo @34; else echo @never; fi
        if true
        then

          echo @35 ; fi
        echo @36 if then done function in \
          joined\
        word "over
        two lines" # remark
        echo @37 a#b '#c' "#d"; # e
        export n; unset n; echo @38 "$n"; unset; echo @39 $?
        set noequals; echo @40 $?
        nosuch=1 other=2; echo @41 $nosuch $other
        function h { echo @42 old; }; h
        function h { echo @43 new; }
        h
        for w in "a b" c' 'd e\ f; do echo @44 "$w" $w; done
        echo @45 $"a $n \$n \\ \" $b ${b} $1 $# $@ end"
        sleep 0; echo @46 $?
        sleep; echo @47 $?
        t='*'; q='\'; echo @48 x$t "$t" x$q y$q$t '\*' \* "x*"
        setparams a; echo @49 $?
        echo @50 "${a}"'b'"c"d$a"$a"
        """#

    @Test(.enabled(if: Scripts.isInstalled("grub-emu"), "grub-emu is not installed; Packaging/setup installs it"))
    func expandsAndDecidesAsTheEmulatorDoes() throws {
        let folder = try Scratch()
        try folder.shell("mkdir g")
        try folder.write(Array((Self.script + "\nhalt\n").utf8), to: "g/grub.cfg")
        // It wants a terminal, and writes control sequences to it. Timeout stays outside: inside it would put the
        // emulator in the background, where dash (the shell of `script` where SHELL is unset) leaves it stopped.
        let output = try folder.shell(
            #"""
            emulate="stty cols 500; exec grub-emu -d $PWD/g -r host"
            SHELL=/bin/sh TERM=xterm timeout 60 script -qec "$emulate" /dev/null </dev/null >out || true
            tr -d '\r' <out | sed 's/\x1b\[[0-9]*m//g'
            """#)
        let wanted = output.split(separator: "\n@").dropFirst().map { "@" + $0 }
        // What stands behind the last echo of the list, and messages about errors, are not of an echo.
        let printed = wanted.map { text in
            String(text.split(separator: "\nerror: ", omittingEmptySubsequences: false)[0]).trimmedEnd
        }
        let prediction = try Scripts.predict(Self.script)
        let echoed = Scripts.shown(prediction).filter { $0.hasPrefix("8 echo @") }.map {
            String($0.dropFirst(7)).trimmedEnd
        }
        #expect(echoed.count > 60)
        #expect(echoed == printed)
    }

    /// Each one parses or does not.
    private static let snippets = [
        "echo a; ; echo b", ";", "echo a;; echo b", "echo a && echo b", "echo a || true", "echo a | cat",
        "echo a & true",
        "echo > x", "echo $", "echo $/x", "echo \"$\"", "echo \"${a\"", "echo ${a-b}", "echo ${10} ${@}", "echo ${a b}",
        "echo [[ a", "[[ a ]]", "echo [[a", "if true; then true; fi", "if true; then; fi", "if true then true; fi",
        "if true; then true; fi else", "if true; then true; else true; else true; fi", "if; then true; fi", "fi",
        "then",
        "for x in a b; do true; done", "for x in a b do true; done", "for x; do true; done",
        "for 1 in a; do true; done",
        "for x in if then; do true; done", "for x\nin a; do true; done", "while false; do true; done",
        "while false\ndo\ntrue\ndone", "until true; do true; done", "until true; true; done",
        "function f { true; }; true",
        "function f { true }", "function f\n{\ntrue\n}\ntrue", "function f-g { true; }", "function in { true; }",
        "function f { }", "menuentry x { true }", "menuentry x { true; }", "menuentry x { }", "menuentry x\n{ true }",
        "menuentry x {\n\n true\n\n}", "menuentry x { true } y", "echo { true; } }", "echo a{true}", "echo a}",
        "{ true; }",
        "if true; then function f { true; }; fi", "echo 'a", "echo \"a", "echo a\\", "echo 'a\nb' \"c\nd\"",
        "echo done fi",
        "case x in esac", "select", "echo case", "time true", "! true", "a=b", "'if' true", "i\\f true", "echo \\\n",
        "true;",
        "true; true", "true # x ; ;", "#;;\ntrue", " # ;;\ntrue", "echo a#;;", "submenu a { menuentry b { true; } }",
        "submenu a { menuentry b { true; }", "echo <", "echo '<'", "echo a\\;b", "echo a\\{b",
        "if true; then true; fi; fi",
    ]

    @Test(.enabled(if: Scripts.isInstalled("grub-script-check"), "grub-common is not installed; see Packaging/setup"))
    func refusesTheSyntaxThatGRUBRefuses() throws {
        let folder = try Scratch()
        for snippet in Self.snippets {
            try folder.write(Array((snippet + "\n").utf8), to: "s.cfg")
            let isAccepted = try Command.run(["grub-script-check", folder.file("s.cfg")]).status == 0
            let ending = try Scripts.predict(snippet + "\n").ending
            let isMalformed = if case .malformed = ending { true } else { false }
            #expect(isAccepted != isMalformed, "\(snippet): \(ending)")
        }
    }

    /// Names and values, in the order in which they are set; without a value the name is removed.
    private static let changes: [(String, String?)] = [
        ("a", "1"), ("bb", "x y"), ("a", "a longer value"), ("c", #"back\slash"#), ("a", ""), ("bb", nil), ("d", "#"),
        ("nosuch", nil), ("c", "short"), ("a", "end"), ("long", String(repeating: "l", count: 900)), ("e", "f"),
    ]

    @Test(.enabled(if: Scripts.isInstalled("grub-editenv"), "grub-common is not installed; see Packaging/setup"))
    func writesTheEnvironmentAsGRUBDoes() throws {
        let folder = try Scratch()
        try folder.shell("grub-editenv env create")
        for (name, value) in Self.changes {
            let before = try folder.bytes("env")
            let arguments = value.map { ["set", "\(name)=\($0)"] } ?? ["unset", name]
            _ = try Command.run(["grub-editenv", folder.file("env")] + arguments)
            let script = value.map { "set '\(name)=\($0)'" } ?? "unset \(name)"
            let prediction = try Scripts.predict(script + "\nsave_env \(name)\n", boot: ["/grub/grubenv": before])
            #expect(prediction.written.values.first ?? before == (try folder.bytes("env")), "\(name)")
        }
    }
}

extension String {
    fileprivate var trimmedEnd: String { String(reversed().drop { $0.isWhitespace }.reversed()) }
}
