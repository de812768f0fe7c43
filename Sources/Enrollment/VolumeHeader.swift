internal import LUKS
internal import LUKSHeader
internal import Sealing
internal import Secrets

/// The header of the volume as our own reader sees it, and the key that it guards.
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

    static func volumeKey(
        of volume: borrowing LUKSVolume, _ passphrase: borrowing SecretBytes
    ) throws(EnrollmentError) -> SecretBytes {
        do throws(LUKSError) { return try volume.volumeKey(passphrase: passphrase) } catch {
            throw error.isWrongKey ? .wrongPassphrase : .luks(error)
        }
    }
}
