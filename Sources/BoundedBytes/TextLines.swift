/// The lines of a text, found one by one: an array of all would take many times the memory of a text of line breaks.
///
/// A line break ends a line and is no part of it; behind the last one comes one line more, perhaps an empty one.
public struct TextLines: Sequence, IteratorProtocol {
    private var rest: ArraySlice<UInt8>?

    public init(_ text: ArraySlice<UInt8>) { rest = text }

    public mutating func next() -> ArraySlice<UInt8>? {
        guard let text = rest else { return nil }
        guard let end = text.firstIndex(of: 0x0A) else {
            rest = nil
            return text
        }
        rest = text[(end + 1)...]
        return text[..<end]
    }
}
