internal import CCryptsetup
internal import CLinux
public import Secrets

/// Encrypts a file system that lies in an ordinary file, in place, without device-mapper.
///
/// Source: cryptsetup, docs/on-disk-format-luks2.pdf, section "Reencryption", and the order of calls of
/// `cryptsetup reencrypt --encrypt --reduce-device-size`. The library moves the data towards the end by
/// the size of the header, back to front, and encrypts it on the way.
public struct Reencryption {
    /// Bytes in front of the data: the library's default header (two metadata areas, keyslots).
    public static let headerByteCount: UInt64 = 16 << 20

    /// Bytes that the file must have behind the data while the work goes on: once for the shift, once for
    /// the first piece, which steps aside.
    public static let spareByteCount = 2 * headerByteCount

    /// The file. Its last `spareByteCount` bytes are free; afterwards it is a LUKS2 volume whose data
    /// ends `headerByteCount` before the end of the file.
    public let path: String
    /// An empty file of 4096 bytes or more, for the header until it can take its place.
    public let scratchPath: String
    /// Size of an encryption sector, 512 or 4096 bytes; the file is a multiple of it.
    public let sectorByteCount: Int

    public init(path: String, scratchPath: String, sectorByteCount: Int) {
        self.path = path
        self.scratchPath = scratchPath
        self.sectorByteCount = sectorByteCount
    }

    /// Makes the header and encrypts (aes-xts-plain64, 512-bit key; keyslot 0 opens with `passphrase`,
    /// which has full entropy and therefore the least PBKDF2).
    ///
    /// A run that was cut off leaves a file that only `cryptsetup repair` and the passphrase bring on:
    /// the caller works on a copy.
    /// - Parameter progress: is told bytes done and bytes in all; false ends the work.
    /// - Throws: `isInterrupted` where `progress` said so.
    public func run(
        passphrase: borrowing SecretBytes, progress: (UInt64, UInt64) -> Bool
    ) throws(LUKSError) -> LUKSVolume {
        shim_silence()
        try begin(passphrase)
        try placeHeader()
        let volume = try LUKSVolume.open(headerAt: path)
        let code = unsafe passphrase.bytes.withUnsafeBytes {
            unsafe shim_reencrypt_continue(
                volume.device, $0.bindMemory(to: CChar.self).baseAddress, $0.count)
        }
        try check(code, .beginReencryption)
        try check(Self.encrypt(volume, progress), .reencrypt)
        // The library counts a run that was told to stop as a success.
        guard unsafe crypt_reencrypt_status(volume.device, nil) == CRYPT_REENCRYPT_NONE else {
            throw LUKSError(.reencrypt, errno: EINTR)
        }
        return volume
    }

    /// Makes the header in the scratch file, and moves the first piece of the data aside.
    private func begin(_ passphrase: borrowing SecretBytes) throws(LUKSError) {
        var created: OpaquePointer?
        try check(unsafe crypt_init(&created, scratchPath), .initialize)
        guard let created = unsafe created else { throw LUKSError(.initialize, errno: 0) }
        let header = unsafe LUKSVolume(owning: created)
        let shift = Self.headerByteCount / 512
        let sector = UInt32(truncatingIfNeeded: sectorByteCount)
        try check(unsafe shim_use_minimal_pbkdf2(header.device), .setPBKDF)
        try check(unsafe shim_format_detached(header.device, path, shift, sector), .format)
        try unsafe passphrase.bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) throws(LUKSError) in
            let start = unsafe bytes.bindMemory(to: CChar.self).baseAddress
            let slot = unsafe crypt_keyslot_add_by_volume_key(header.device, 0, nil, 64, start, bytes.count)
            try check(slot, .addKeyslot)
            let code = unsafe shim_reencrypt_begin(header.device, start, bytes.count, shift, sector)
            try check(code, .beginReencryption)
        }
    }

    /// Copies the header from the scratch file to the start of the file.
    private func placeHeader() throws(LUKSError) {
        var created: OpaquePointer?
        try check(unsafe crypt_init(&created, path), .initialize)
        guard let created = unsafe created else { throw LUKSError(.initialize, errno: 0) }
        let target = unsafe LUKSVolume(owning: created)
        try check(unsafe crypt_header_restore(target.device, CRYPT_LUKS2, scratchPath), .restoreHeader)
    }

    private static func encrypt(_ volume: borrowing LUKSVolume, _ progress: (UInt64, UInt64) -> Bool) -> Int32 {
        withoutActuallyEscaping(progress) { progress in
            var caller = ProgressCaller(report: progress)
            return unsafe withUnsafeMutablePointer(to: &caller) { caller in
                let report: @convention(c) (UInt64, UInt64, UnsafeMutableRawPointer?) -> Int32 = {
                    let caller = unsafe $2?.assumingMemoryBound(to: ProgressCaller.self)
                    return unsafe caller?.pointee.report($1, $0) == false ? 1 : 0
                }
                return unsafe crypt_reencrypt_run(volume.device, report, caller)
            }
        }
    }
}

/// What the C callback gets back as its context.
private struct ProgressCaller {
    let report: (UInt64, UInt64) -> Bool
}
