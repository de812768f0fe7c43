/// A header copy whose write was cut short, beside one that is whole.
public struct TornCopy: Equatable, Sendable, CustomStringConvertible {
    public let kind: HeaderCopy.Kind
    public let defect: HeaderDefect

    public init(kind: HeaderCopy.Kind, defect: HeaderDefect) {
        self.kind = kind
        self.defect = defect
    }

    public var description: String {
        "the " + kind.rawValue + " header is torn: " + defect.description + "; the other copy counts"
    }
}
