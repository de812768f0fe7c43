import HeaderForgery
import LUKSHeader
import TestSupport

extension ForgedHeader {
    static let deviceByteCount = 32 << 20
    /// The volume that most tests start from: cryptsetup's defaults with a cheap key derivation.
    static let plain = Result { try VolumeFile(byteCount: deviceByteCount, format: VolumeFile.cheap) }

    static func ofPlainVolume() throws -> ForgedHeader { try ForgedHeader(of: plain.get()) }

    var copies: HeaderCopies { HeaderCopies(primary: primary, secondary: secondary) }

    func checked() throws(HeaderError) -> LUKSHeader {
        try LUKSHeader(checking: copies, deviceByteCount: UInt64(Self.deviceByteCount))
    }
}
