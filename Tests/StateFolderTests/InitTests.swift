import Foundation
import JSON
import TestSupport
import Testing

/// `snp-emulator init`: all of it, or nothing.
@Suite struct InitTests {
    @Test func makesAChipThatOpensslVerifies() throws {
        let folder = try MadeState.scratch()
        try folder.shell(
            """
            cd state/certs
            openssl x509 -inform der -in vcek.der -out vcek.pem
            openssl x509 -inform der -in vlek.der -out vlek.pem
            openssl verify -CAfile ark.pem -untrusted ask.pem vcek.pem
            openssl verify -CAfile ark.pem -untrusted asvk.pem vlek.pem
            openssl verify -CAfile ark.pem -untrusted cert_chain.pem vcek.pem
            openssl crl -inform der -in crl.der -CAfile ark.pem -noout
            """)
        let modes = try folder.shell("cd state; stat -c '%a %n' . keys keys/* certs vtpm run chip.json certs/ark.pem")
        #expect(
            modes == """
                700 .
                700 keys
                600 keys/ark.pem
                600 keys/ask.pem
                600 keys/asvk.pem
                600 keys/chip.seed
                600 keys/vlek.seed
                700 certs
                700 vtpm
                700 run
                644 chip.json
                644 certs/ark.pem
                """)
        // The private keys belong to the certificates.
        try folder.shell(
            """
            for k in ark ask asvk; do
                openssl pkey -in state/keys/$k.pem -pubout > a
                openssl x509 -in state/certs/$k.pem -noout -pubkey > b
                cmp a b
            done
            """)
    }

    @Test func makesAChipOfTheGenerationAndFirmwareThatWereAskedFor() throws {
        let folder = try Scratch()
        try FileManager.default.createDirectory(atPath: folder.file("s"), withIntermediateDirectories: true)
        let arguments = [
            "init", "s/", "--generation", "turin", "--firmware", "1.55.29", "--vlek-provider", "CN=x", "--json",
        ]
        let result = try emulator(arguments, folder: folder.path)
        #expect(result.status == 0, "\(result.errorText)")
        let json = try JSONValue(parsing: result.output)
        #expect(json == (try JSONValue(parsing: try folder.bytes("s/chip.json"))))
        #expect(json["generation"]?.string == "Turin")
        #expect(json["chip_id"]?.string?.count == 16)
        #expect(json["firmware"]?["current"]?.string == "1.55.29")
        #expect(json["tcb"]?["current"]?["fmc"]?.integer == 0)
        let text = try folder.shell("openssl x509 -inform der -in s/certs/vlek.der -noout -text")
        #expect(text.contains("CN = SEV-VLEK-Turin"))
    }

    @Test func leavesAloneWhatIsThere() throws {
        let folder = try Scratch()
        try folder.write([1], to: "file")
        try folder.shell("mkdir full; touch full/x; ln -s nowhere link")
        for (name, status): (String, Int32) in [("file", 64), ("full", 64), ("no/such/parent", 74)] {
            let result = try emulator(["init", name], folder: folder.path)
            #expect(result.status == status, "\(name): \(result.errorText)")
            #expect(result.errorText.hasPrefix("snp-emulator: state: "))
        }
        #expect(try folder.shell("ls full") == "x")
        #expect(try folder.shell("ls -A") == "file\nfull\nlink")
        let wrong = [
            ["--generation", "rome"], ["--firmware", "1.55"], ["--vlek-provider", ""], ["--vlek-provider", "ü"],
        ]
        for options in wrong {
            #expect(try emulator(["init", "a"] + options, folder: folder.path).status == 64, "\(options)")
        }
        #expect(try emulator(["init"]).status == 64)
        #expect(!folder.exists("a") && !folder.exists("a.new"))
    }

    /// A file system with room for a few files only, and one that is read-only, in a mount namespace.
    @Test func leavesNothingWhereThereIsNoRoom() throws {
        let folder = try Scratch()
        let program = Scratch.product("snp-emulator").path()
        for options in ["size=16k", "ro"] {
            let script = """
                mkdir -p m; mount -t tmpfs -o \(options) none m; status=0
                '\(program)' init m/state 2> error || status=$?
                echo $status; ls -A m; umount m
                """
            let shown = try folder.shell("unshare -rm sh -euc '\(script.replacing("'", with: "'\\''"))'")
            #expect(shown == "74", "\(options)")
            let error = String(decoding: try folder.bytes("error"), as: UTF8.self)
            #expect(error.contains(options == "ro" ? "Read-only file system" : "No space left"), "\(error)")
        }
    }

    @Test func aKilledOneIsNoHindrance() throws {
        let folder = try Scratch()
        let process = Process()
        process.executableURL = Scratch.product("snp-emulator")
        process.arguments = ["init", "state"]
        process.currentDirectoryURL = URL(filePath: folder.path)
        try process.run()
        while process.isRunning, !folder.exists("state.new/keys/vlek.seed") { usleep(1000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal && folder.exists("state.new") && !folder.exists("state"))
        #expect(try emulator(["init", "state"], folder: folder.path).status == 0)
        #expect(try folder.shell("ls") == "state")
        #expect(try emulator(["tcb", "--state", "state"], folder: folder.path).status == 0)
    }
}
