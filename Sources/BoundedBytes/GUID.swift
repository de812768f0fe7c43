/// A GUID as it lies on the disk: 16 bytes, of which the text form shows the first three fields reversed.
///
/// Source: UEFI specification 2.10, appendix A.
public struct GUID: Hashable, Sendable, CustomStringConvertible {
    // Numbers, not an array: lists of a million signatures and variables hold one each.
    private let first: UInt64
    private let second: UInt64

    /// The bytes in disk order.
    public var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.littleEndian(first)
        writer.littleEndian(second)
        return writer.bytes
    }

    /// Takes 16 bytes in disk order, or nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        var reader = ByteReader(bytes.span)
        do throws(ByteError) { self = try reader.guid() } catch { return nil }
    }

    /// The two halves of the disk form as little-endian numbers.
    init(_ first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// Reads the text form, 36 characters, in either case.
    public init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map({ $0.utf8.count }) == [8, 4, 4, 4, 12] else { return nil }
        guard let shown = Hexadecimal.decode(groups.joined()) else { return nil }
        self.init(textOrder: shown)
    }

    /// Takes 16 bytes in the order of the text form, as RFC 4122 has them; nil for any other number.
    public init?(textOrder shown: [UInt8]) {
        guard shown.count == 16 else { return nil }
        self.init(bytes: Self.order.map { shown[$0] })
    }

    /// The bytes in the order of the text form.
    public var textOrder: [UInt8] {
        let bytes = bytes
        return Self.order.map { bytes[$0] }
    }

    public static let zero = GUID(0, 0)

    /// For constants: the five groups of the text form, the last one of 48 bits.
    public init(_ first: UInt32, _ second: UInt16, _ third: UInt16, _ fourth: UInt16, _ node: UInt64) {
        // The first three fields lie reversed on the disk, the others as they are shown.
        self.first = UInt64(first) | UInt64(second) << 32 | UInt64(third) << 48
        self.second = (UInt64(fourth) << 48 | node & 0xFFFF_FFFF_FFFF).byteSwapped
    }

    /// All zero: the type of an entry that is not used.
    public var isZero: Bool { self == .zero }

    /// Lower-case text, as udev's by-partuuid links and efivarfs show it.
    public var description: String {
        let digits = Hexadecimal.encode(textOrder)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// Where each byte of the text form lies on the disk, and the other way round.
    private static let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
}
