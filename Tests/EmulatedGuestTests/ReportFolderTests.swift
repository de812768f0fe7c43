import Foundation
import TestSupport
import Testing

/// configfs-tsm, by the shell. The expected errors are those of Linux, `drivers/virt/coco/guest/report.c` and
/// `fs/configfs/file.c`.
@Suite struct ReportFolderTests {
    private static let begin =
        "set -e; mkdir $reports/a; cd $reports/a; nonce() { head -c ${1:-64} /dev/zero | tr '\\0' x; }; "

    /// What a script prints in a fresh folder.
    private func output(_ script: String, _ options: String...) throws -> String {
        let result = try StandInGuest.run(Self.begin + script, options)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(script)\nended with \(result.status): \(result.errorText)")
        }
        return result.text
    }

    /// The error text of a script that fails.
    private func refusal(_ script: String, _ options: String...) throws -> String {
        let result = try StandInGuest.run(Self.begin + script, options)
        guard result.status != 0 else { throw CommandFailure(description: "\(script) succeeded") }
        return result.errorText
    }

    @Test func makesAReportOfTheNonce() throws {
        #expect(
            try output("nonce > inblob; wc -c < outblob; tail -c +81 outblob | head -c 64; cat generation")
                == "1184\n" + String(repeating: "x", count: 64) + "1")
        #expect(try output("nonce > inblob; wc -c < auxblob", "--certificates", "5000") == "5000")
        #expect(try output("nonce > inblob; wc -c < auxblob") == "0")
    }

    @Test func describesItself() throws {
        #expect(
            try output("cat provider privlevel_floor generation; ls") == """
                sev_guest
                0
                0
                auxblob
                generation
                inblob
                outblob
                privlevel
                privlevel_floor
                provider
                """)
        #expect(
            try output("cat privlevel_floor; ls | tr '\\n' ' '", "--vmpl", "2")
                == """
                2
                auxblob generation inblob manifestblob outblob privlevel privlevel_floor provider service_guid \
                service_manifest_version service_provider \

                """.trimmingCharacters(in: .newlines))
        #expect(
            try output("stat -c %a:%F inblob outblob privlevel generation | tr '\\n' ' '")
                == "200:regular empty file 444:regular empty file 200:regular empty file 444:regular empty file ")
    }

    @Test func countsEachWrite() throws {
        #expect(try output("echo 1 > privlevel; echo 2 > privlevel; nonce > inblob; cat generation") == "3")
        // A value that is refused does not count.
        #expect(try output("echo 9 > privlevel || true; cat generation") == "0")
        // Several writes before the file is closed are one.
        #expect(try output("{ nonce 32; nonce 32; } > inblob; cat generation; wc -c < outblob") == "1\n1184")
    }

    @Test func keepsAReportUntilTheNextWrite() throws {
        let script = "nonce > inblob; cat outblob > /dev/null; cat outblob | sha256sum; "
        // The stand-in's host hands out the response before last: a second request would show.
        #expect(try output(script + "cat generation", "--attack", "reorder-messages").hasSuffix("\n1"))
        #expect(
            try refusal(script + "nonce > inblob; cat outblob", "--attack", "reorder-messages").contains("Bad message"))
    }

    @Test func wantsANonceOf64Bytes() throws {
        #expect(try refusal("cat outblob").contains("Invalid argument"))
        #expect(try refusal("nonce 63 > inblob; cat outblob").contains("Invalid argument"))
        #expect(try refusal("nonce 65 > inblob").contains("File too large"))
        // The kernel takes what was written before the error when the file is closed.
        #expect(try output("nonce 65 > inblob 2> /dev/null || true; cat generation") == "1")
    }

    @Test(arguments: [
        ("9", "Invalid argument"), ("4", "Invalid argument"), ("x", "Invalid argument"),
        ("-1", "Invalid argument"), ("", "Invalid argument"), ("99999999999", "Numerical result out of range"),
    ])
    func refusesAPrivilegeLevel(_ value: String, _ reason: String) throws {
        #expect(try refusal("/bin/echo '\(value)' > privlevel").contains(reason))
    }

    @Test func takesAPrivilegeLevelFromTheFloorOn() throws {
        for value in ["3", "0x3", "03", "+3"] {
            #expect(
                try output("echo \(value) > privlevel; nonce > inblob; tail -c +49 outblob | head -c 1 | xxd -p")
                    == "03")
        }
        #expect(try refusal("/bin/echo 1 > privlevel", "--vmpl", "2").contains("Invalid argument"))
        // The default is below the floor then, and the AMD-SP refuses it.
        #expect(try refusal("nonce > inblob; cat outblob", "--vmpl", "2").contains("Invalid argument"))
        #expect(try output("echo 2 > privlevel; nonce > inblob; wc -c < outblob", "--vmpl", "2") == "1184")
    }

    @Test func asksTheSVSM() throws {
        let svsm = "echo svsm > service_provider; nonce > inblob; "
        #expect(try output(svsm + "cat manifestblob", "--vmpl", "2") == "all services")
        let vtpm = "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"
        #expect(try output(svsm + "echo \(vtpm) > service_guid; cat manifestblob", "--vmpl", "2") == vtpm)
        #expect(
            try output(
                svsm
                    + "echo \(vtpm) > service_guid; echo 00000000-0000-0000-0000-000000000000 > service_guid; cat manifestblob",
                "--vmpl", "2") == "all services")
        #expect(
            try refusal(svsm + "echo 1 > service_manifest_version; cat outblob", "--vmpl", "2")
                .contains("Invalid argument"))
        #expect(
            try refusal("echo other > service_provider; nonce > inblob; cat outblob", "--vmpl", "2")
                .contains("Invalid argument"))
        // Counts as a write, as in Linux, though it fails.
        #expect(try output("echo nonsense > service_guid 2> /dev/null || true; cat generation", "--vmpl", "2") == "1")
    }

    @Test func keepsSessionsApart() throws {
        #expect(
            try output("nonce > inblob; mkdir ../b; cat ../b/generation generation; ls .. | tr '\\n' ' '")
                == "0\n1\na b ")
        #expect(try refusal("mkdir ../a").contains("File exists"))
        #expect(try output("cd ..; rmdir a; ls; mkdir a; cat a/generation") == "0")
    }

    @Test func endsASessionThatIsOpen() throws {
        #expect(try refusal("exec 3< generation; cd ..; rmdir a; cat <&3").contains("No such file or directory"))
    }

    @Test func isNoFolderForAnythingElse() throws {
        #expect(try refusal("touch file").contains("Permission denied"))
        #expect(try refusal("mkdir sub").contains("Operation not permitted"))
        #expect(try refusal("rm -f inblob").contains("Operation not permitted"))
        #expect(try refusal("mv ../a ../b").contains("Operation not permitted"))
        #expect(try refusal("ln -s x y").contains("Operation not permitted"))
        #expect(try refusal("mkdir /sys/kernel/config/other").contains("Operation not permitted"))
        #expect(try refusal("rmdir /sys/kernel/config/tsm/report").contains("Operation not permitted"))
        #expect(try refusal("cat inblob").contains("Permission denied"))
        #expect(try refusal("cat privlevel").contains("Permission denied"))
        #expect(try refusal("echo x > generation").contains("Permission denied"))
    }
}
