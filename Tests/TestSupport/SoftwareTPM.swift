import Foundation

/// A swtpm of a test's own, on a socket in a temporary folder; it dies with the test or the test program.
public final class SoftwareTPM: @unchecked Sendable {
    /// Temporary folder, for the test's files too.
    public let folder: String
    public var socketPath: String { folder + "/tpm" }
    /// The TPM as tpm2-tss names it. Several clients may use it in turn: each command is a connection.
    public var tcti: String { "swtpm:path=" + socketPath }

    private var process: Process?
    private var lifeline: Pipe?

    /// Starts a new TPM: manufactured now, started with TPM2_Startup(CLEAR).
    public init() throws {
        // Short: a socket's path has at most 107 bytes.
        folder = "/tmp/swtpm-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder + "/state", withIntermediateDirectories: true)
        try start()
    }

    /// Starts a TPM with the state that another one keeps, as far as it outlives a power cut.
    public init(copying other: SoftwareTPM) throws {
        folder = "/tmp/swtpm-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: other.folder + "/state", toPath: folder + "/state")
        try? FileManager.default.removeItem(atPath: folder + "/state/.lock")
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts the TPM again with the state that it left, as a power cycle does.
    public func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // The shell kills swtpm as soon as the pipe to it closes, which no end of the test program can prevent.
        process.arguments =
            ["-c", "\"$@\" </dev/null & cat >/dev/null; kill -KILL $!; wait $!", "sh"] + [
                "swtpm", "socket", "--tpm2", "--tpmstate", "dir=\(folder)/state",
                "--server", "type=unixio,path=\(socketPath)", "--ctrl", "type=unixio,path=\(socketPath).ctrl",
                "--flags", "not-need-init,startup-clear",
            ]
        let lifeline = Pipe()
        process.standardInput = lifeline
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        self.lifeline = lifeline
        for _ in 0..<6000 {
            // A socket has its name before anybody can connect to it.
            if Interposer.isListening(socketPath + ".ctrl"), Interposer.isListening(socketPath) { return }
            Thread.sleep(forTimeInterval: 0.01)
        }
        stop()
        throw CommandFailure(description: "swtpm did not start")
    }

    /// Kills the TPM where it stands, without TPM2_Shutdown: a power cut.
    public func stop() {
        guard let process else { return }
        try? lifeline?.fileHandleForWriting.close()
        process.waitUntilExit()
        self.process = nil
        for path in [socketPath, socketPath + ".ctrl"] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Runs one of the tpm2-tools on this TPM, in `folder`.
    public func tool(_ arguments: String...) throws -> CommandResult {
        try Command.run(arguments, environment: ["TPM2TOOLS_TCTI": tcti], folder: folder)
    }

    /// As `tool`, where a failure is not expected.
    @discardableResult public func succeed(_ arguments: String...) throws -> CommandResult {
        let result = try Command.run(arguments, environment: ["TPM2TOOLS_TCTI": tcti], folder: folder)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(arguments): \(result.status) \(result.errorText)")
        }
        return result
    }

    /// Path of a file in `folder`.
    public func path(_ name: String) -> String { folder + "/" + name }

    public func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    }

    public func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}
