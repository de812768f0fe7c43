internal import CLinux
public import InitramfsRuntime

/// Asks the server of a running guest.
public struct MemoryClient: ~Copyable {
    private let connection: LocalConnection

    /// - Throws: `.open` with ENOENT or ECONNREFUSED where no guest runs.
    public init(in folder: String) throws(FileError) {
        let path = folder + "/" + MemorySocket.name
        let descriptor = unsafe shim_connect_local(folder, MemorySocket.name)
        guard descriptor >= 0 else {
            // A name that nobody listens to is left from a guest that was killed.
            let code = shim_errno()
            throw FileError(.open, path, errno: code == ECONNREFUSED ? ENOENT : code)
        }
        connection = LocalConnection(owning: descriptor, path: path)
    }

    public enum Failure: Error, Equatable, Sendable {
        case connection(FileError)
        case refused(MemoryRefusal)
    }

    /// The answer to a request; a refusal is thrown.
    public func ask(_ request: MemoryRequest) throws(Failure) -> MemoryResponse {
        let bytes: [UInt8]?
        do throws(FileError) {
            try MemorySocket.send(connection, request.encoded)
            bytes = try MemorySocket.receive(connection, limit: MemoryResponse.largest)
        } catch { throw .connection(error) }
        guard let bytes else { throw .connection(FileError(.read, connection.path, errno: 0)) }
        do throws(MemoryRefusal) {
            let response = try MemoryResponse(parsing: bytes, to: request.operation)
            guard case .refused(let refusal) = response else { return response }
            throw refusal
        } catch { throw .refused(error) }
    }
}
