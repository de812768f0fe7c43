internal import ArgumentParser
internal import Enrollment
internal import Imaging
internal import InitramfsRuntime
internal import JSON
internal import QRCode
internal import RecoveryKeys
internal import Secrets
internal import Terminal

struct RecoveryKeyAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a recovery key and print it.",
        discussion: """
            The key is printed once it is on the volume; if it cannot be printed, it is removed again. The passphrases \
            of the volume stay as they are.

            With --recovery-key-out the key is in that file before it opens the volume, and is not printed.
            """)

    @Argument(help: "A LUKS2 block device or image file.", completion: .file())
    var device: String

    @Option(
        help: ArgumentHelp("File with a passphrase of the volume, '-' for standard input.", valueName: "file"),
        completion: .file())
    var keyFile: String?

    @Option(
        help: ArgumentHelp("Write the recovery key to a new file instead of standard output.", valueName: "file"),
        completion: .file())
    var recoveryKeyOut: String?

    @Flag(help: "Draw the key as a QR code, too.")
    var qr = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard !(qr && json) else { throw ValidationError("--qr draws for people: it does not go with --json") }
        guard !(qr && recoveryKeyOut != nil) else {
            throw ValidationError("--qr draws on standard output: it does not go with --recovery-key-out")
        }
    }

    func run() throws {
        // What nobody reads is a key that nobody has.
        Interruption.reportBrokenPipes()
        try reporting(json: json) { () throws(CommandFailure) in
            let passphrase = try PassphraseInput.read(keyFile: keyFile, handedOverFor: device)
            do throws(EnrollmentError) {
                try RecoveryKeyslots(device: device).add(passphrase: passphrase) { (key) throws(EnrollmentError) in
                    guard let recoveryKeyOut else { return }
                    do throws(FileError) { try RecoveryKeyFile.create(recoveryKeyOut, for: key) } catch {
                        throw .delivery(error)
                    }
                } deliver: { (key, entry) throws(EnrollmentError) in
                    do throws(FileError) { try show(key, entry) } catch { throw .delivery(error) }
                }
            } catch { throw CommandFailure(error) }
        }
    }

    /// The key goes byte by byte from where it is kept, never through a string.
    private func show(_ key: borrowing RecoveryKey, _ entry: RecoveryKeyslots.Entry) throws(FileError) {
        let (keyslot, token) = (String(entry.keyslot), String(entry.token))
        if let recoveryKeyOut {
            let object = JSONValue.object([
                JSONMember("keyslot", .integer(Int64(entry.keyslot))),
                JSONMember("token", .integer(Int64(entry.token))),
                JSONMember("recovery_key_file", .string(recoveryKeyOut)),
            ])
            return try write((json ? object.compact : "added: keyslot " + keyslot + ", token " + token) + "\n")
        }
        try write(
            json
                ? "{\"keyslot\":" + keyslot + ",\"token\":" + token + ",\"recovery_key\":\""
                : "added: keyslot " + keyslot + ", token " + token + "\nrecovery key: ")
        try StandardOutput.write(key.text.bytes)
        try write(json ? "\"}\n" : "\n")
        guard qr else { return }
        let drawing: SecretBytes
        do throws(QRCodeError) {
            drawing = try QRCode(encoding: key.text.bytes).text(isColored: StandardOutput.isTerminal)
        } catch {
            // The key itself is out: the volume keeps it.
            return Console.report("sealroot: key: " + error.description)
        }
        try StandardOutput.write(drawing.bytes)
    }

    private func write(_ text: String) throws(FileError) { try StandardOutput.write(Array(text.utf8).span) }
}
