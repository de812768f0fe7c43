/// A Debian version, in the order of dpkg.
///
/// Source: Debian Policy 4.6.2, section 5.6.12: epoch, upstream version, revision; parts without digits compare by
/// letters first, `~` before everything, even the end; parts of digits compare as numbers.
public struct PackageVersion: Comparable, Sendable, CustomStringConvertible {
    public let description: String
    private let epoch: [UInt8]
    private let upstream: [UInt8]
    private let revision: [UInt8]

    public init(_ text: String) {
        description = text
        var bytes = Array(text.utf8)[...]
        if let colon = bytes.firstIndex(of: 0x3A) {
            epoch = Array(bytes[..<colon])
            bytes = bytes[(colon + 1)...]
        } else {
            epoch = []
        }
        let dash = bytes.lastIndex(of: 0x2D)
        upstream = Array(bytes[..<(dash ?? bytes.endIndex)])
        revision = dash.map { Array(bytes[($0 + 1)...]) } ?? []
    }

    public static func < (one: PackageVersion, other: PackageVersion) -> Bool { one.order(other) < 0 }
    public static func == (one: PackageVersion, other: PackageVersion) -> Bool { one.order(other) == 0 }

    private func order(_ other: PackageVersion) -> Int {
        for (mine, theirs) in [(epoch, other.epoch), (upstream, other.upstream), (revision, other.revision)] {
            let order = Self.order(mine[...], theirs[...])
            if order != 0 { return order }
        }
        return 0
    }

    private static func order(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Int {
        var (one, other) = (one, other)
        while !one.isEmpty || !other.isEmpty {
            while one.first.map({ !isDigit($0) }) ?? false || other.first.map({ !isDigit($0) }) ?? false {
                let difference = weight(one.first) - weight(other.first)
                if difference != 0 { return difference }
                one = one.dropFirst()
                other = other.dropFirst()
            }
            let digits = (number(&one), number(&other))
            let lengths = digits.0.count - digits.1.count
            if lengths != 0 { return lengths }
            for (mine, theirs) in zip(digits.0, digits.1) where mine != theirs { return Int(mine) - Int(theirs) }
        }
        return 0
    }

    /// Takes the digits at the front; the result has no leading zeros.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = bytes.prefix(while: isDigit)
        bytes = bytes.dropFirst(digits.count)
        return digits.drop { $0 == 0x30 }
    }

    private static func weight(_ byte: UInt8?) -> Int {
        switch byte {
        case .none: 0
        case .some(let byte) where isDigit(byte): 0
        case .some(0x7E): -1
        case .some(let byte) where (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte): Int(byte)
        case .some(let byte): Int(byte) + 256
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
