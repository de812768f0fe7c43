internal import BoundedBytes

/// Commands and responses with sessions that a host writes without knowing their keys.
///
/// Source: TPM 2.0 Library, part 1, section 18: behind a command's header (10 bytes) and one handle (4) stands the size of
/// its sessions (4), each of a handle (4), a nonce with its size (2), attributes (1) and an HMAC with its size. All
/// integers are big-endian.
enum TPMForgery {
    /// What the host would have the guest take for the secret.
    static let secret = Array("a secret of the host's".utf8)
    private static let sessionsStart = 18
    /// TPMA_SESSION: decrypt and encrypt. Source: part 2, section 8.4.
    private static let encryption: UInt8 = 0x20 | 0x40

    /// The command with both attributes cleared in each session.
    static func withoutEncryption(_ command: [UInt8]) -> [UInt8] {
        var changed = command
        for place in attributes(of: command) { changed[place] &= ~encryption }
        return changed
    }

    /// A response to the command that says success, with as many sessions, and no HMAC.
    static func unsealed(by command: [UInt8]) -> [UInt8] {
        let places = attributes(of: command)
        var body = ByteWriter()
        body.bigEndian(UInt32(2 + secret.count))
        body.bigEndian(UInt16(secret.count))
        body.append(secret)
        for place in places {
            body.bigEndian(UInt16(0))
            body.append([command[place]])
            body.bigEndian(UInt16(0))
        }
        var response = ByteWriter()
        // TPM_ST_SESSIONS, and TPM_RC_SUCCESS.
        response.bigEndian(UInt16(0x8002))
        response.bigEndian(UInt32(10 + body.bytes.count))
        response.bigEndian(UInt32(0))
        response.append(body.bytes)
        return response.bytes
    }

    /// Where the command has the attributes of its sessions.
    private static func attributes(of command: [UInt8]) -> [Int] {
        var places: [Int] = []
        var place = sessionsStart
        while let nonce = size(command, place + 4), let hmac = size(command, place + 7 + nonce) {
            places.append(place + 6 + nonce)
            place += 9 + nonce + hmac
        }
        return places
    }

    /// The 16-bit size at `place`; nil where the command ends before.
    private static func size(_ command: [UInt8], _ place: Int) -> Int? {
        guard place + 2 <= command.count else { return nil }
        return Int(command[place]) << 8 | Int(command[place + 1])
    }
}
