internal import Cryptography
internal import FileSystems
internal import InitramfsRuntime
internal import JSON
internal import LUKS
internal import PartitionTable
internal import RecoveryKeys

/// Makes the encrypted partition in the work folder: copy, check, make room, encrypt. It only reads the
/// image.
struct Preparation {
    static let headerByteCount = Reencryption.headerByteCount

    let folder: WorkFolder
    var journal: Journal
    let progress: ProgressReport
    private var superblock: ExtSuperblock?

    init(folder: WorkFolder, journal: Journal, progress: @escaping ProgressReport) {
        self.folder = folder
        self.journal = journal
        self.progress = progress
    }

    /// Refuses to begin where the disk would fill up on the way.
    ///
    /// Encryption fills every hole. The work file takes the partition and `spareByteCount`, perhaps
    /// grown; the result takes what is still a hole of the image, or all of a new one.
    func requireSpace(for source: borrowing ImageFile, hasOutput: Bool) throws(ImagingError) {
        let size = source.byteCount
        let holes = size - min(size, source.allocatedByteCount)
        let result =
            hasOutput ? min(size, source.allocatedByteCount) + journal.byteCount : min(holes, journal.byteCount)
        let needed = journal.byteCount + result + Reencryption.spareByteCount + 2 * Self.headerByteCount
        let available = try folder.freeByteCount()
        guard available >= needed else {
            throw .noSpace(folder: folder.parent, needed: needed, available: available)
        }
    }

    /// Phases copy, check and shrink.
    mutating func run(
        _ source: borrowing ImageFile, _ partition: Partition, _ table: PartitionTable
    ) throws(ImagingError) {
        try folder.write(journal)
        let work = try files { () throws(FileError) in
            let work = try FileDescriptor.create(folder.partition)
            try work.resize(to: journal.byteCount)
            return work
        }
        let copy = RangeCopy(
            source: source.file.rawValue, sourcePath: source.file.path, target: work.rawValue,
            targetPath: folder.partition)
        try copy.copy(from: journal.offset, to: 0, count: journal.byteCount, keepsHoles: true) {
            progress(ImagingProgress(phase: .copy, done: $0, total: journal.byteCount))
        }

        let tools = FileSystemTools(folder: folder)
        try step(.check) { () throws(ImagingError) in try tools.check() }
        let head = try files { () throws(FileError) in
            try work.read(Int(min(UInt64(PartitionContent.probeByteCount), journal.byteCount)), at: 0)
        }
        guard let superblock = ExtSuperblock(probing: head) else {
            throw .notExt4(partition: partition.number, found: "a damaged file system")
        }
        self.superblock = superblock
        let plan = try RoomPlan.make(for: superblock, partitionBytes: journal.byteCount) { () throws(ImagingError) in
            try tools.minimumBlockCount()
        }
        switch plan {
        case .unchanged: break
        case .shrink(let blocks):
            try step(.shrink) { () throws(ImagingError) in try tools.resize(toBlockCount: blocks) }
        case .grow:
            let record = try source.read(512, at: 0)
            try journal.grow(partition, in: table, protectiveRecord: record)
        }
        try files { () throws(FileError) in
            try work.resize(to: journal.newByteCount - Self.headerByteCount + Reencryption.spareByteCount)
        }
    }

    /// Phase encrypt, with a new recovery key.
    mutating func encrypt() throws(ImagingError) -> RecoveryKey {
        let key = try rethrow(as: ImagingError.cryptography) { () throws(CryptographyError) in
            try RecoveryKey.generate()
        }
        try files { () throws(FileError) in try FileDescriptor.create(folder.header).resize(to: 4096) }
        let encryption = Reencryption(
            path: folder.partition, scratchPath: folder.header, sectorByteCount: encryptionSectorByteCount)
        do throws(LUKSError) {
            let volume = try encryption.run(passphrase: key.text) {
                progress(ImagingProgress(phase: .encrypt, done: $0, total: $1))
            }
            // As systemd-cryptenroll writes it, so that other tools know the slot for what it is.
            let token = JSONValue.object([
                JSONMember("type", .string("systemd-recovery")), JSONMember("keyslots", .array([.string("0")])),
            ])
            try volume.addToken(token.compact)
            journal.uuid = volume.uuid
            // The image may only be given up for a volume that this key opens.
            _ = try LUKSVolume.open(headerAt: folder.partition).volumeKey(passphrase: key.text)
        } catch {
            throw error.isInterrupted ? .interrupted : .luks(error)
        }
        try files { () throws(FileError) in
            let work = try FileDescriptor.open(updatingAt: folder.partition)
            try work.resize(to: journal.newByteCount)
            try work.synchronize()
        }
        return key
    }

    /// 4096 bytes encrypt faster and never tear, but a file system with smaller blocks could not be
    /// mounted from such a volume.
    private var encryptionSectorByteCount: Int {
        let isLarge = superblock.map { $0.blockBytes >= 4096 } ?? false
        return isLarge && journal.newByteCount % 4096 == 0 ? 4096 : 512
    }

    /// Runs a tool that tells nothing of its progress. An interrupt from the terminal ends it, too.
    private func step(
        _ phase: ImagingProgress.Phase, _ body: () throws(ImagingError) -> Void
    ) throws(ImagingError) {
        let report = ImagingProgress(phase: phase, done: 0, total: 0)
        guard progress(report) else { throw .interrupted }
        do throws(ImagingError) { try body() } catch { throw progress(report) ? error : .interrupted }
        guard progress(report) else { throw .interrupted }
    }
}
