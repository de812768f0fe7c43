internal import Configuration
internal import InitramfsRuntime
internal import KernelModules
internal import TPM

/// Steps 1 and 2: what to do, and the devices to do it with.
enum Preparation {
    /// What a confidential VM may need before its root: disk, TPM, encryption. Names that this kernel has
    /// built in, or has not, cost nothing.
    private static let modules = [
        "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "nvme", "tpm_crb", "tpm_tis", "sev-guest", "dm_mod",
        "dm_crypt",
    ]

    static func configuration(_ options: UnlockOptions) throws(UnlockFailure) -> GuestConfiguration {
        guard let given = options.configuration else {
            return try configuration(at: options.configurationPath).replacing(
                device: options.device, tcti: options.tcti)
        }
        return given.replacing(device: options.device, tcti: options.tcti)
    }

    static func configuration(at path: String) throws(UnlockFailure) -> GuestConfiguration {
        let bytes = try rethrow(as: UnlockFailure.configurationFile) { () throws(FileError) in
            try FileBytes.read(path, limit: 1 << 16)
        }
        return try rethrow(as: UnlockFailure.configuration) { () throws(ConfigurationError) in
            try GuestConfiguration(parsing: bytes, crypttab: VolumeTable.beside(path))
        }
    }

    /// Loads the modules and connects to the TPM, once its device is there.
    static func prepare(
        tcti: String, timeoutSeconds: Int, isLoadingModules: Bool
    ) throws(UnlockFailure) -> TPM {
        if isLoadingModules {
            for (name, outcome) in KernelModules.load(modules) {
                guard case .refused(let errno) = outcome else { continue }
                Console.report("sealroot: kernel: module " + name + ": " + describeErrno(errno))
            }
        }
        let prefix = "device:"
        if tcti.hasPrefix(prefix) {
            let path = String(tcti.dropFirst(prefix.count))
            guard PathWaiter.wait(for: path, milliseconds: Int64(timeoutSeconds) * 1000) else {
                throw .tpmMissing(path, seconds: timeoutSeconds)
            }
        }
        return try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in
            try TPM.connect(tcti: tcti)
        }
    }
}
