public import InitramfsRuntime
public import SNPEmulator
internal import Synchronization

/// A file with all that passes between guests and their TPMs: a command, its response, the next command. Each has its
/// own size in its header.
public final class TPMRecording: Sendable {
    private let state: Mutex<State>

    private struct State: ~Copyable {
        let file: FileDescriptor
        var byteCount: UInt64 = 0
    }

    /// - Parameter path: of a file that is emptied, or made.
    public init(_ path: String) throws(FileError) {
        let file = try FileDescriptor.openOrCreate(path)
        try file.resize(to: 0)
        state = Mutex(State(file: file))
    }

    func append(_ bytes: [UInt8]) throws(FileError) {
        try state.withLock { (state) throws(FileError) in
            try state.file.write(bytes, at: state.byteCount)
            state.byteCount += UInt64(bytes.count)
        }
    }
}

/// A host that listens on the way to the TPM.
public final class TPMRecorder: TPMTransport {
    private let transport: any TPMTransport
    private let recording: TPMRecording

    public init(_ recording: TPMRecording, before transport: any TPMTransport) {
        self.recording = recording
        self.transport = transport
    }

    public func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        let response = try transport.exchange(command)
        do throws(FileError) { try recording.append(command + response) } catch { throw .file(error) }
        return response
    }
}
