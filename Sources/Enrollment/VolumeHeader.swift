internal import LUKS
internal import LUKSHeader
internal import Sealing
internal import Secrets

/// The header of the volume as our own reader sees it, and the key that it guards.
enum VolumeHeader {
    /// Both copies, read and checked: what the boot would refuse is not enrolled either.
    static func read(_ device: String) throws(EnrollmentError) -> LUKSHeader {
        do throws(HeaderImageError) { return try HeaderImage.header(of: device) } catch { throw EnrollmentError(error) }
    }

    /// The same, to open the volume by.
    static func copy(of device: String) throws(EnrollmentError) -> HeaderImage {
        do throws(HeaderImageError) { return try HeaderImage.copy(of: device) } catch { throw EnrollmentError(error) }
    }

    static func volumeKey(
        of volume: borrowing LUKSVolume, _ passphrase: borrowing SecretBytes
    ) throws(EnrollmentError) -> SecretBytes {
        do throws(LUKSError) { return try volume.volumeKey(passphrase: passphrase) } catch {
            throw error.isWrongKey ? .wrongPassphrase : .luks(error)
        }
    }
}

extension EnrollmentError {
    init(_ error: HeaderImageError) {
        switch error {
        case .file(let error): self = .file(error)
        case .header(let error): self = .header(error)
        case .cryptography(let error): self = .sealing(.cryptography(error))
        }
    }
}
