import Foundation
import SNPABI
import Secrets
import TestSupport

@testable import SNPEmulator

/// A folder with the state of one guest's vTPM, and that guest.
final class VTPMFolder {
    let scratch: Scratch
    let state: VTPMState
    let identity: LaunchIdentity
    static let tcb = TCBVersion(rawValue: 0xDB18_0000_0000_0004)

    init(in folder: String? = nil) throws {
        scratch = try Scratch()
        state = VTPMState(folder: (folder ?? scratch.path) + "/vtpm")
        identity = Self.identity()
    }

    static func identity(measurement: UInt8 = 1, policy: UInt64 = 0x30000, chip: UInt8 = 3) -> LaunchIdentity {
        LaunchIdentity(
            measurement: [UInt8](repeating: measurement, count: 48), policy: GuestPolicy(rawValue: policy),
            chipID: [UInt8](repeating: chip, count: 64))
    }

    static func key(_ byte: UInt8) -> SecretBytes {
        SecretBytes(count: 32) { bytes in for index in bytes.indices { bytes[index] = byte } }
    }

    func open(key: UInt8 = 7) throws -> VirtualTPM {
        try state.open(identity: identity, tcb: Self.tcb, key: Self.key(key)).tpm
    }

    /// Serves the TPM to the tools.
    func tools(for tpm: VirtualTPM) throws -> TPMTools { try TPMTools(transport: tpm, folder: scratch.path) }

    /// The state's bytes as they lie on the disk.
    func stored() throws -> [UInt8] { try scratch.bytes("vtpm/" + VTPMState.stateFile) }
}

/// tpm2-tools, an implementation of the TPM's clients that is not ours, on a socket of our server.
final class TPMTools {
    private let server: TPMServer
    private let folder: String
    var socketPath: String { server.path }

    init(transport: any TPMTransport, folder: String) throws {
        // Short: a socket's path has at most 107 bytes.
        server = try TPMServer(path: "/tmp/vtpm-" + UUID().uuidString.prefix(8), transport: transport)
        self.folder = folder
    }

    deinit { server.stop() }

    @discardableResult func run(_ arguments: String...) throws -> CommandResult {
        let result = try attempt(arguments)
        guard result.status == 0 else {
            throw CommandFailure(description: "\(arguments): \(result.status) \(result.errorText)")
        }
        return result
    }

    func attempt(_ arguments: [String]) throws -> CommandResult {
        try Command.run(arguments, environment: ["TPM2TOOLS_TCTI": server.tcti], folder: folder)
    }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: folder + "/" + name))) }
}

extension [UInt8] {
    /// Whether `needle` occurs.
    func holds(_ needle: String) -> Bool { Data(self).range(of: Data(needle.utf8)) != nil }
}
