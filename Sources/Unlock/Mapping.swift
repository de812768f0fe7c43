internal import BootPolicy
internal import Configuration
internal import Cryptography
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
internal import Secrets
internal import TPM

/// Step 8: the mapping, compared with what it must be.
extension Unlock {
    /// Maps the volume, whatever opened it. From the first moment on, a failure takes the mapping away again.
    static func activate(
        _ volume: borrowing LUKSVolume, _ key: borrowing SecretBytes, _ header: LUKSHeader,
        _ configuration: GuestConfiguration, _ progress: inout Progress
    ) throws(UnlockFailure) {
        progress.mapping = configuration.mapping
        try progress.log.run(.open) { () throws(UnlockFailure) in try map(volume, key, header, configuration) }
    }

    private static func map(
        _ volume: borrowing LUKSVolume, _ key: borrowing SecretBytes, _ header: LUKSHeader,
        _ configuration: GuestConfiguration
    ) throws(UnlockFailure) {
        let expected = try rethrow(as: UnlockFailure.file) { () throws(FileError) in
            try MappingTable(expectedFor: header, at: configuration.device)
        }
        let found = try rethrow(as: UnlockFailure.luks) { () throws(LUKSError) in
            try volume.activate(as: configuration.mapping, volumeKey: key)
            return try LiveMapping.table(of: configuration.mapping)
        }
        if let difference = found.firstDifference(from: expected) { throw .mapping(difference) }
    }
}
