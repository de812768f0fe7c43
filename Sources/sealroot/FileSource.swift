internal import Cryptography
internal import EFI
internal import InitramfsRuntime

/// A file on disk, for the EFI formats.
struct FileSource: ~Copyable, ImageSource {
    private let file: FileDescriptor
    let byteCount: Int

    private init(_ file: consuming FileDescriptor, byteCount: Int) {
        self.file = file
        self.byteCount = byteCount
    }

    static func open(_ path: String) throws(FileError) -> FileSource {
        let file = try FileDescriptor.open(readingAt: path)
        let byteCount = try file.byteCount
        return FileSource(file, byteCount: Int(clamping: byteCount))
    }

    func read(_ range: Range<Int>, into buffer: inout [UInt8]) throws(FileError) {
        try file.read(range.count, at: UInt64(range.lowerBound), into: &buffer)
    }
}

extension CommandFailure {
    init(_ error: ImageFailure<FileError>, path: String) {
        switch error {
        case .source(let error): self.init(error, area: "file")
        case .format(let error): self.init(code: .malformed, area: "pe", detail: path + ": " + error.description)
        case .cryptography(let error): self.init(code: .internalFault, area: "pe", detail: error.description)
        }
    }
}
