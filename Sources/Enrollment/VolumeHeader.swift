internal import LUKS
internal import LUKSHeader
internal import Sealing

/// The header of the volume as our own reader sees it.
enum VolumeHeader {
    /// Both copies, read and checked: what the boot would refuse is not enrolled either.
    static func read(_ device: String) throws(EnrollmentError) -> LUKSHeader {
        do throws(HeaderImageError) { return try HeaderImage.header(of: device) } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .header(let error): throw .header(error)
            case .cryptography(let error): throw .sealing(.cryptography(error))
            }
        }
    }
}
