import BoundedBytes
import Configuration
import JSON
import RecoveryKeys
import SealedFormat
import Secrets

/// Text that people or JSON carry.
enum TextTargets {
    static let json: Fuzz.Target = { input in
        // As the metadata of LUKS2 are read.
        let value = try JSONValue(parsing: input, mostValues: 512 + input.count / 32)
        for text in [value.compact, value.pretty] {
            let again = succeed("JSON that is written again is JSON") { try JSONValue(parsing: text) }
            demand(again == value, "JSON that is written again is the same")
        }
    }

    static let sealedToken: Fuzz.Target = { input in
        let token = try SealedToken(try JSONValue(parsing: input))
        let again = succeed("a token that is written again is a token") {
            try SealedToken(try JSONValue(parsing: token.json().compact))
        }
        demand(again == token, "a token that is written again is the same")
    }

    static let guestConfiguration: Fuzz.Target = { input in
        let configuration = try GuestConfiguration(parsing: input)
        demand(configuration.device.utf8.first == 0x2F, "a device is a path")
        demand((1...127).contains(configuration.mapping.utf8.count), "a mapping has a name")
        demand((1...3600).contains(configuration.timeoutSeconds), "the time has bounds")
        demand((8...15).contains(configuration.fencePCR), "the fence is no PCR of the firmware")
        if case .file(let device, let path) = configuration.recovery {
            demand(device.utf8.first == 0x2F, "a device is a path")
            demand(path.map { $0.utf8.first == 0x2F && $0.utf8.count > 1 } ?? true, "a key is a file")
        }
        demand(configuration.parentName.map { $0.count == 34 } ?? true, "a TPM name has 34 bytes")
        // In another order, and with comments, it says the same.
        let lines = input.split(separator: 0x0A).reversed().joined(separator: Array("\n# \n".utf8))
        let again = succeed("the order of lines is no matter") { try GuestConfiguration(parsing: Array(lines)) }
        demand(again == configuration, "the order of lines is no matter")
    }

    static let recoveryKey: Fuzz.Target = { input in
        let key = try RecoveryKey(parsing: input.span)
        let text = spelled(key)
        demand(text.count == RecoveryKey.formattedLength, "a key has one length")
        let again = try RecoveryKey(parsing: text.span)
        demand(spelled(again) == text, "a key that is written again is the same")
        let letters = text.filter { $0 != UInt8(ascii: "-") }
        let plain = try RecoveryKey(parsing: letters.span)
        demand(spelled(plain) == text, "dashes are no matter")
    }

    private static func spelled(_ key: borrowing RecoveryKey) -> [UInt8] {
        let bytes = key.text.bytes
        return bytes.indices.map { bytes[$0] }
    }

    static let coding: Fuzz.Target = { input in
        let text = String(decoding: input, as: UTF8.self)
        demand(Base64.decode(Base64.encode(input)) == input, "Base64 is undone")
        demand(Hexadecimal.decode(Hexadecimal.encode(input)) == input, "hexadecimal is undone")
        if let bytes = Base64.decode(text) { demand(Base64.encode(bytes) == text, "Base64 has one spelling") }
        if let number = Hexadecimal.parsePrefixed(text) {
            demand(Hexadecimal.parsePrefixed(Hexadecimal.prefixed(number)) == number, "a handle is undone")
        }
        if let guid = GUID(text) { demand(guid.description == text.lowercased(), "a GUID is undone") }
        let shown = Printable.escape(text)
        demand(shown.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "what is shown is printable")
        demand(shown.utf8.count <= 4 * Printable.limit + 3, "what is shown is short")
    }
}
