internal import ArgumentParser
internal import BoundedBytes
internal import Cryptography
internal import Enrollment
internal import InitramfsRuntime
internal import Secrets

/// `sealroot policy name`.
struct PolicyNameCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "name",
        abstract: "Print the name of an authority's key, as authority-name in init.conf pins it.")

    @Argument(help: "A PEM key on the curve P-256, public or private.", completion: .file())
    var key: String

    private static let longestKey = 1 << 16

    func run() throws {
        try reporting(json: false) { () throws(CommandFailure) in
            let secret = try rethrow(as: { CommandFailure($0, area: "authority") }) { () throws(FileError) in
                try FileBytes.readSecret(key, limit: Self.longestKey)
            }
            guard let point = Self.point(of: secret) else {
                throw CommandFailure(
                    code: .malformed, area: "authority", detail: key + " is no PEM key on the curve P-256")
            }
            let name = try enrolling { () throws(EnrollmentError) in try OwnerKey.name(of: point) }
            Console.print("authority-name = " + Hexadecimal.encode(name))
        }
    }

    private static func point(of secret: borrowing SecretBytes) -> VerifyingKey? {
        if let pair = SigningKey.parse(pem: secret) { return pair.publicKey }
        // A public key is no secret.
        var bytes: [UInt8] = []
        for index in secret.bytes.indices { bytes.append(secret.bytes[index]) }
        return VerifyingKey(pem: bytes)
    }
}
