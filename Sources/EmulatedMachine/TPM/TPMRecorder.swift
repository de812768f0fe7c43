public import InitramfsRuntime
public import SNPEmulator
internal import Synchronization

/// A host that keeps all that passes between a guest and its TPM in a file: a command, its response, the next command.
/// Each has its own size in its header.
public final class TPMRecorder: TPMTransport {
    private let transport: any TPMTransport
    private let recording: Mutex<Recording>

    private struct Recording: ~Copyable {
        let file: FileDescriptor
        var byteCount: UInt64 = 0

        mutating func append(_ bytes: [UInt8]) throws(FileError) {
            try file.write(bytes, at: byteCount)
            byteCount += UInt64(bytes.count)
        }
    }

    /// - Parameter file: empty.
    public init(_ file: consuming FileDescriptor, before transport: any TPMTransport) {
        self.transport = transport
        recording = Mutex(Recording(file: file))
    }

    public func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        let response = try transport.exchange(command)
        try recording.withLock { (recording) throws(SVSMError) in
            do throws(FileError) { try recording.append(command + response) } catch { throw .file(error) }
        }
        return response
    }
}
