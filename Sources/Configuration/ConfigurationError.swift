/// Why a configuration is refused, and where.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        case notUTF8
        case noEqualsSign
        case unknownKey
        case doubledKey
        case missingKey
        /// More keys than any configuration has.
        case tooManyKeys
        case value(expected: String)
        /// `/etc/crypttab` has another value for the volume that it marks.
        case crypttab(String)
        /// `/etc/crypttab` marks more than one volume.
        case doubledMark
        /// A line of `/etc/crypttab`, counted from 1, marks a volume whose name or device cannot be used.
        case mark(line: Int)
    }

    /// Counted from 1; nil where the whole file is meant.
    public let line: Int?
    /// The key, as far as there is one.
    public let key: String
    public let reason: Reason

    init(line: Int? = nil, key: String = "", _ reason: Reason) {
        self.line = line
        self.key = key
        self.reason = reason
    }

    public var description: String {
        let place = line.map { "line " + String($0) + ": " } ?? ""
        let text =
            switch reason {
            case .notUTF8: "not UTF-8 text"
            case .noEqualsSign: "expected 'key = value'"
            case .unknownKey: "unknown key '" + key + "'"
            case .doubledKey: "key '" + key + "' is given twice"
            case .tooManyKeys: "too many keys"
            case .missingKey: "key '" + key + "' is missing"
            case .value(let expected): "'" + key + "' must be " + expected
            case .crypttab(let value):
                "'" + key + "' is another than that of the volume with the option 'sealroot' in /etc/crypttab: " + value
            case .doubledMark: "/etc/crypttab has more than one volume with the option 'sealroot'"
            case .mark(let line):
                "/etc/crypttab, line " + String(line) + ": with the option 'sealroot' the name must be "
                    + GuestConfiguration.mappingName.expected + ", and the device "
                    + GuestConfiguration.devicePath.expected
            }
        return place + text
    }
}
