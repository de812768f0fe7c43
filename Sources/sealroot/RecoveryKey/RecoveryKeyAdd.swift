internal import ArgumentParser
internal import Enrollment
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
            """)

    @Argument(help: "A LUKS2 block device or image file.", completion: .file())
    var device: String

    @Option(
        help: ArgumentHelp("File with a passphrase of the volume, '-' for standard input.", valueName: "file"),
        completion: .file())
    var keyFile: String?

    @Flag(help: "Draw the key as a QR code, too.")
    var qr = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard !(qr && json) else { throw ValidationError("--qr draws for people: it does not go with --json") }
    }

    func run() throws {
        // What nobody reads is a key that nobody has.
        Interruption.reportBrokenPipes()
        try reporting(json: json) { () throws(CommandFailure) in
            let passphrase = try PassphraseInput.read(keyFile: keyFile)
            do throws(EnrollmentError) {
                try RecoveryKeyslots(device: device).add(passphrase: passphrase) {
                    (key, entry) throws(EnrollmentError) in
                    do throws(FileError) { try show(key, entry) } catch { throw .delivery(error) }
                }
            } catch { throw CommandFailure(error) }
        }
    }

    /// The key goes byte by byte from where it is kept, never through a string.
    private func show(_ key: borrowing RecoveryKey, _ entry: RecoveryKeyslots.Entry) throws(FileError) {
        let (keyslot, token) = (String(entry.keyslot), String(entry.token))
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
