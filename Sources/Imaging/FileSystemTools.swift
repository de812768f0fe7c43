internal import CLinux
internal import InitramfsRuntime

/// e2fsck and resize2fs on the work file.
struct FileSystemTools {
    let folder: WorkFolder

    /// Replays the journal and repairs what can be repaired without asking.
    func check() throws(ImagingError) {
        // 0 is clean, 1 repaired; 2 asks for a reboot, which an image does not need. The rest are failures.
        try run("e2fsck", ["-f", "-p", folder.partition], accepted: 0...2)
    }

    /// The smallest size that resize2fs thinks possible, in blocks of the file system.
    func minimumBlockCount() throws(ImagingError) -> UInt64 {
        let output = try run("resize2fs", ["-P", folder.partition])
        let number = output.split(whereSeparator: \.isNewline).last?.split(separator: " ").last
        guard let number, let blocks = UInt64(number) else {
            throw .toolFailed("resize2fs -P", status: 0, message: "no size in its output")
        }
        return blocks
    }

    /// Shrinks the file system. resize2fs also cuts the file to the same size.
    func resize(toBlockCount blocks: UInt64) throws(ImagingError) {
        try run("resize2fs", [folder.partition, String(blocks)])
    }

    @discardableResult
    private func run(
        _ tool: String, _ arguments: [String], accepted: ClosedRange<Int32> = 0...0
    ) throws(ImagingError) -> String {
        try WorkFolder.removeFile(folder.toolOutput)
        let output = try files { () throws(FileError) in try FileDescriptor.create(folder.toolOutput) }
        let status = try Subprocess.run(tool, arguments, output: output.rawValue)
        let bytes = try files { () throws(FileError) in try FileBytes.read(folder.toolOutput, limit: 16 << 20) }
        let text = String(decoding: bytes, as: UTF8.self)
        guard accepted.contains(status) else {
            let lines = text.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
            throw .toolFailed(tool, status: status, message: lines)
        }
        return text
    }
}
