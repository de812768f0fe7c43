internal import BoundedBytes

extension GuestConfiguration {
    typealias Rule<Value> = (expected: String, parse: (String) -> Value?)

    static var nonEmpty: Rule<String> { ("not empty", { $0.isEmpty ? nil : $0 }) }

    /// A path, or one of the names that fstab and crypttab know.
    static var devicePath: Rule<String> {
        (
            "an absolute path, or UUID=, PARTUUID=, LABEL= or PARTLABEL= and a name",
            { text in
                for (prefix, folder) in [
                    ("UUID=", "by-uuid"), ("PARTUUID=", "by-partuuid"), ("LABEL=", "by-label"),
                    ("PARTLABEL=", "by-partlabel"),
                ] where text.hasPrefix(prefix) {
                    let name = text.utf8.dropFirst(prefix.utf8.count)
                    // udev escapes other characters in its link names; such a device is given by its path.
                    guard !name.isEmpty, name.allSatisfy(isPlain) else { return nil }
                    return "/dev/disk/" + folder + "/" + String(decoding: name, as: UTF8.self)
                }
                return text.utf8.first == 0x2F ? text : nil
            }
        )
    }

    /// A device-mapper name without characters that libdevmapper would mangle. At most 127 bytes.
    static var mappingName: Rule<String> {
        (
            "a name of letters, digits, '-', '_' and '.'",
            { (1...127).contains($0.utf8.count) && $0.utf8.allSatisfy(isPlain) && $0 != "control" ? $0 : nil }
        )
    }

    static var seconds: Rule<Int> {
        ("a number of seconds from 1 to 3600", { text in Int(text).flatMap { (1...3600).contains($0) ? $0 : nil } })
    }

    /// SHA-256 name of a TPM object: its algorithm, 0x000B, and the digest.
    static var keyName: Rule<[UInt8]> {
        (
            "a TPM name: 000b and 64 hexadecimal digits",
            { text in
                guard let name = Hexadecimal.decode(text), name.count == 34, name[0] == 0, name[1] == 0x0B else {
                    return nil
                }
                return name
            }
        )
    }

    /// PCR 16 can be reset by anybody and 17 to 23 by some; 0 to 7 and 10 belong to firmware and IMA.
    static var debugFreePCR: Rule<Int> {
        (
            "8, 9, 11, 12, 13, 14 or 15",
            { text in Int(text).flatMap { [8, 9, 11, 12, 13, 14, 15].contains($0) ? $0 : nil } }
        )
    }

    static var unenrolledChoice: Rule<Unenrolled> { ("'refuse' or 'prompt'", { Unenrolled(rawValue: $0) }) }

    static var bootCheckChoice: Rule<BootCheck> { ("'required', 'warn' or 'off'", { BootCheck(rawValue: $0) }) }

    /// The path begins at the first `:/`: a device's own name may hold colons.
    static var recoveryChoice: Rule<Recovery> {
        (
            "'never', 'prompt', or 'file:' and a device, where it has a FAT file system with ':' and an absolute path",
            { text in
                switch text {
                case "never": return .never
                case "prompt": return .prompt
                default:
                    guard text.hasPrefix("file:") else { return nil }
                    let place = Array(text.utf8.dropFirst("file:".utf8.count))
                    let colon = place.indices.dropLast().first { place[$0] == 0x3A && place[$0 + 1] == 0x2F }
                    let name = String(decoding: place[..<(colon ?? place.count)], as: UTF8.self)
                    let path = colon.map { String(decoding: place[($0 + 1)...], as: UTF8.self) }
                    guard let device = devicePath.parse(name), path != "/" else { return nil }
                    return .file(device: device, path: path)
                }
            }
        )
    }

    /// Arguments with blanks between; none at all is a list, too.
    static var words: Rule<[String]> {
        (
            "arguments with blanks between",
            { text in
                text.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
        )
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}
