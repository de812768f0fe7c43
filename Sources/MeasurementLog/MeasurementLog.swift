internal import InitramfsRuntime

/// The log of what userspace has extended PCRs with. systemd began it; others may read it and append to it.
///
/// Source: systemd 255 to 261, src/shared/tpm2-util.c. The file is locked (flock(2)) from before the extension until
/// the record is written, so that the order of the records is that of the extensions. It is for root alone, since
/// whoever can open it can lock it. Its sticky bit is set all that time: where it is found set, a writer has
/// died between the two, records are missing, and nobody appends any more.
public struct MeasurementLog: ~Copyable {
    /// In /run, which outlives the initramfs but not the boot.
    public static let defaultPath = "/run/log/systemd/tpm2-measure.log"

    private static let mode: UInt32 = 0o600
    private static let unfinished: UInt32 = 0o1000  // S_ISVTX
    /// A reader is done in no time; the boot must not hang on one that is not.
    private static let longestWaitMilliseconds: Int64 = 2000

    private let file: FileDescriptor

    /// Opens the log at `path`, or makes it with the folders above, and marks it as unfinished: before the extension.
    ///
    /// Whoever lets go of the log without `finish` leaves the mark.
    /// - Throws: `.unfinished` where somebody else has left it, and `.file` for anything else, such as a log that
    ///   stays locked for two seconds.
    public static func open(_ path: String) throws(MeasurementLogError) -> MeasurementLog {
        let file = try rethrow(as: MeasurementLogError.file) { () throws(FileError) in try locked(path) }
        return try marked(file)
    }

    private static func locked(_ path: String) throws(FileError) -> FileDescriptor {
        try FileBytes.makeDirectories(above: path, mode: 0o755)
        let file = try FileDescriptor.openOrCreate(path, isFollowingLinks: false)
        guard try file.kind == .file else { throw FileError(.open, path, errno: 0) }
        try file.lock(milliseconds: longestWaitMilliseconds)
        return file
    }

    private static func marked(_ file: consuming FileDescriptor) throws(MeasurementLogError) -> MeasurementLog {
        let log = MeasurementLog(file: file)
        do throws(FileError) {
            if try log.file.permissions & unfinished == 0 {
                try log.file.setPermissions(mode | unfinished)
                return log
            }
        } catch { throw .file(error) }
        throw .unfinished(log.file.path)
    }

    /// Appends what was extended since, in this order, and takes the mark away. With no records, nothing was.
    public consuming func finish(with records: [MeasurementRecord]) throws(MeasurementLogError) {
        do throws(FileError) {
            let bootID = try BootClock.bootID()
            let now = BootClock.microseconds
            let end = try file.byteCount
            do throws(FileError) {
                try file.write(records.flatMap { $0.encoded(bootID: bootID, microseconds: now) }, at: end)
                try file.synchronize()
            } catch {
                // Half a record would spoil those before it. The mark stays.
                try file.resize(to: end)
                throw error
            }
            try file.setPermissions(Self.mode)
        } catch { throw .file(error) }
    }
}
