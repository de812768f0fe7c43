internal import ArgumentParser
internal import InitramfsRuntime
internal import JSON

/// `sealroot hash-pe`.
struct HashPE: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash-pe",
        abstract: "Print digests and signers of EFI programs.",
        discussion: """
            The digest is the one that the firmware measures into PCR 4 and compares with db and dbx. Signatures \
            are shown, not trusted: 'matches' says only that the digest inside is the one of this file.

            With --json, standard output is one array with an object for each file: file, bytes, sha256, \
            sha256_after_signing, signatures, sbat, product_version, uki_sections, and the digests in other \
            algorithms that were asked for or are signed.
            """)

    @Argument(help: "PE files: shim, GRUB, kernels, unified kernel images.", completion: .file())
    var files: [String]

    @Flag(help: "Print the SHA-384 digest, too.")
    var sha384 = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() throws {
        try reporting(json: json) { () throws(CommandFailure) in
            var objects: [JSONValue] = []
            for file in files {
                let report = try ImageReport.make(file, isSHA384Shown: sha384)
                if json { objects.append(report.json) } else { report.lines.forEach(Console.print) }
            }
            if json { Console.print(JSONValue.array(objects).compact) }
        }
    }
}
