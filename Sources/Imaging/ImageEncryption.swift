internal import BoundedBytes
internal import CLinux
internal import FileSystems
internal import InitramfsRuntime
internal import PartitionTable
public import RecoveryKeys
public import Secrets

/// Turns the plain ext4 root of a raw GPT image into a LUKS2 volume, without root rights, loop device
/// or device-mapper.
///
/// All work is done on a copy of the partition in a folder beside the image. The image itself is first
/// written when that copy is complete and its recovery key is in the owner's hands; from then on the
/// journal lets any number of further runs finish the write, without a key. A run that was cut off
/// earlier begins again with a new key: the image is still as it was, and no key ever lies on the disk
/// for a resume to find.
public struct ImageEncryption: Sendable {
    /// The raw image.
    public let image: String
    /// Number or GPT name of the partition; nil finds the root by itself.
    public let partition: String?
    /// Where the result goes; nil is the image itself.
    public let output: String?
    /// A file to make for the recovery key; nil hands it to the caller of `run`.
    public let recoveryKeyFile: String?
    /// Goes on with a run that was cut off.
    public let isResumed: Bool

    public init(
        image: String, partition: String? = nil, output: String? = nil, recoveryKeyFile: String? = nil,
        isResumed: Bool = false
    ) {
        self.image = image
        self.partition = partition
        self.output = output
        self.recoveryKeyFile = recoveryKeyFile
        self.isResumed = isResumed
    }

    /// Does all of it, and leaves nothing behind but the result.
    ///
    /// - Parameters:
    ///   - seal: gets the path of the complete volume and a passphrase that opens it, and may add keyslots and tokens.
    ///   - announce: takes the recovery key, where no file does, after that and before the image is written.
    ///   If either fails, the image stays as it was.
    public func run(
        progress: @escaping ProgressReport,
        seal: (String, borrowing SecretBytes) throws(ImagingError) -> Void = { _, _ in },
        announce: (borrowing RecoveryKey, EncryptedImage) throws(ImagingError) -> Void
    ) throws(ImagingError) -> EncryptedImage {
        let folder = WorkFolder(beside: output ?? image)
        let source = try ImageFile.open(image, isChanged: output == nil)
        let isUnfinished = folder.exists
        let earlier = isUnfinished ? try folder.readJournal() : nil
        guard isResumed || !isUnfinished else {
            let isTouched = output == nil && earlier?.phase == .writing
            throw .unfinished(folder: folder.path, isImageTouched: isTouched)
        }
        guard isUnfinished || !isResumed else { throw .nothingToResume(folder: folder.path) }
        if let earlier, earlier.phase == .writing || earlier.phase == .finished {
            return try finish(earlier, source, folder, progress)
        }
        let journal = try begin(source, folder, after: earlier, progress, seal, announce)
        return try finish(journal, source, folder, progress)
    }

    /// Everything before the image is touched. Whatever fails, the work folder goes away with it.
    private func begin(
        _ source: borrowing ImageFile, _ folder: WorkFolder, after earlier: Journal?,
        _ progress: @escaping ProgressReport, _ seal: (String, borrowing SecretBytes) throws(ImagingError) -> Void,
        _ announce: (borrowing RecoveryKey, EncryptedImage) throws(ImagingError) -> Void
    ) throws(ImagingError) -> Journal {
        let table = try source.readTable()
        var contents: [(partition: Partition, content: PartitionContent)] = []
        for partition in table.partitions {
            contents.append((partition, try source.content(of: partition, sectorBytes: table.sectorBytes)))
        }
        let wanted = partition ?? earlier.map { String($0.partition) }
        let root = try RootPartition.find(wanted, among: contents)
        let keyFile = recoveryKeyFile ?? earlier?.recoveryKeyFile
        if let keyFile, earlier?.phase == .delivering, earlier?.recoveryKeyFile == keyFile {
            // Ours, and void: that volume was never put in place.
            try WorkFolder.removeFile(keyFile)
        }
        for path in [output, keyFile].compactMap({ $0 }) where unsafe access(path, F_OK) == 0 { throw .exists(path) }

        let sector = UInt64(table.sectorBytes)
        let byteCount = root.partition.sectorCount * sector
        let journal = Journal(
            phase: .preparing, imageByteCount: source.byteCount, diskGUID: table.diskGUID.description,
            sectorByteCount: sector, partition: root.partition.number, partitionName: root.partition.name,
            offset: root.partition.firstLBA * sector, byteCount: byteCount, newByteCount: byteCount,
            newImageByteCount: source.byteCount, recoveryKeyFile: keyFile)
        var preparation = Preparation(folder: folder, journal: journal, progress: progress)
        if isUnfinished(folder) { try folder.remove() }
        try preparation.requireSpace(for: source, hasOutput: output != nil)
        try folder.create()
        do throws(ImagingError) {
            try preparation.run(source, root.partition, table)
            let key = try preparation.encrypt()
            try seal(folder.partition, key.text)
            // Before the journal says that the volume is complete.
            try files { () throws(FileError) in try FileDescriptor.open(updatingAt: folder.partition).synchronize() }
            try deliver(key, &preparation.journal, folder, announce)
        } catch {
            // The first error is the one to report.
            try? folder.remove()
            throw error
        }
        return preparation.journal
    }

    private func isUnfinished(_ folder: WorkFolder) -> Bool { isResumed && folder.exists }

    /// Puts the key into the owner's hands, and only then lets the journal say that the image may change.
    private func deliver(
        _ key: borrowing RecoveryKey, _ journal: inout Journal, _ folder: WorkFolder,
        _ announce: (borrowing RecoveryKey, EncryptedImage) throws(ImagingError) -> Void
    ) throws(ImagingError) {
        journal.phase = .delivering
        try folder.write(journal)
        do throws(ImagingError) {
            if let keyFile = journal.recoveryKeyFile {
                do throws(FileError) { try RecoveryKeyFile.create(keyFile, for: key) } catch { throw .file(error) }
            } else {
                try announce(key, result(of: journal))
            }
            journal.phase = .writing
            try folder.write(journal)
        } catch {
            if let keyFile = journal.recoveryKeyFile { try? WorkFolder.removeFile(keyFile) }
            throw error
        }
    }

    private func finish(
        _ journal: Journal, _ source: borrowing ImageFile, _ folder: WorkFolder, _ progress: @escaping ProgressReport
    ) throws(ImagingError) -> EncryptedImage {
        var journal = journal
        if journal.phase == .writing {
            let write = WriteBack(folder: folder, journal: journal, progress: progress)
            do throws(ImagingError) {
                if let output { try write.make(output, from: source) } else { try write.update(source) }
            } catch {
                throw error == .imageChanged(image) ? error : .cutOff(error)
            }
            journal.phase = .finished
            try folder.write(journal)
        }
        try folder.remove()
        return result(of: journal)
    }

    private func result(of journal: Journal) -> EncryptedImage {
        EncryptedImage(
            path: output ?? image, partition: journal.partition, partitionName: journal.partitionName,
            uuid: journal.uuid, headerByteCount: Preparation.headerByteCount,
            grownByteCount: journal.newByteCount - min(journal.byteCount, journal.newByteCount),
            recoveryKeyFile: journal.recoveryKeyFile)
    }
}
