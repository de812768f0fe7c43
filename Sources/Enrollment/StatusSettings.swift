/// What the guest's configuration says, as far as it decides.
public struct StatusSettings: Sendable {
    public let fencePCR: Int
    public let parentName: [UInt8]?
    public let authorityName: [UInt8]?
    /// `unenrolled = prompt`.
    public let isPrompting: Bool

    public init(fencePCR: Int, parentName: [UInt8]?, authorityName: [UInt8]?, isPrompting: Bool) {
        self.fencePCR = fencePCR
        self.parentName = parentName
        self.authorityName = authorityName
        self.isPrompting = isPrompting
    }
}
