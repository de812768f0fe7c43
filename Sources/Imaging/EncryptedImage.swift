/// What a finished run made.
public struct EncryptedImage: Equatable, Sendable {
    /// The image, or the new file where `--out` was given.
    public let path: String
    /// Number of the partition, from 1, and its GPT name.
    public let partition: Int
    public let partitionName: String
    /// UUID of the LUKS2 volume, for crypttab.
    public let uuid: String
    /// Bytes of header in front of the encrypted data.
    public let headerByteCount: UInt64
    /// Bytes that the partition grew by, 0 where the file system made room.
    public let grownByteCount: UInt64
    /// The file that holds the recovery key, where one was asked for.
    public let recoveryKeyFile: String?
}

/// How far a run is.
public struct ImagingProgress: Equatable, Sendable {
    public enum Phase: String, Sendable, CaseIterable {
        /// Copying the partition out of the image.
        case copy
        /// e2fsck on the copy.
        case check
        /// resize2fs on the copy.
        case shrink
        /// libcryptsetup's reencryption of the copy.
        case encrypt
        /// Copying the result into the image, or into the new file.
        case write
    }

    public let phase: Phase
    /// Bytes; `total` is 0 where the phase cannot tell.
    public let done: UInt64
    public let total: UInt64
}

/// Takes each step of progress. False asks the run to stop as soon as it can.
public typealias ProgressReport = (ImagingProgress) -> Bool
