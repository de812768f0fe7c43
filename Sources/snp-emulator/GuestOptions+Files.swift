internal import Cryptography
internal import InitramfsRuntime
internal import LaunchMeasurement
internal import SNPABI

extension GuestOptions {
    /// More than any flash chip holds, in bytes.
    private static let largestImage = 1 << 28

    /// Reads the files.
    func configuration() throws(CommandFailure) -> LaunchConfiguration {
        let firmware = try Self.image(ovmf, area: "firmware", endingAt: 1 << 32)
        return LaunchConfiguration(
            mode: mode, monitor: vmmType, firmware: firmware, svsm: try svsmImage(below: firmware),
            processorCount: vcpus, processor: processor, features: guestFeatures, hashes: try hashes())
    }

    /// No host but QEMU shows the type: there it may be missing, and any will do.
    private var processor: ProcessorIdentity {
        if let vcpuSignature { return ProcessorIdentity(signature: vcpuSignature) }
        return vcpuType?.processor ?? CPUModel.Series.naples.processor
    }

    static func image(
        _ path: String, area: String, endingAt end: UInt64
    ) throws(CommandFailure) -> FirmwareImage {
        let bytes = try CommandFailure.reading(path, limit: largestImage, area: area)
        do throws(SNPFormatError) { return try FirmwareImage(parsing: bytes, endingAt: end) } catch {
            throw CommandFailure(.malformed, area: area, path + ": " + error.description)
        }
    }

    /// QEMU puts the SVSM right below the flash with the variables, and that right below the firmware.
    private func svsmImage(below firmware: FirmwareImage) throws(CommandFailure) -> FirmwareImage? {
        guard let svsm, let vars else { return nil }
        let variables = try CommandFailure.reading(vars, limit: Self.largestImage, area: "variables")
        guard UInt64(variables.count) < firmware.address else {
            throw CommandFailure(.malformed, area: "variables", vars + " leaves no room for an SVSM")
        }
        return try Self.image(svsm, area: "svsm", endingAt: firmware.address - UInt64(variables.count))
    }

    private func hashes() throws(CommandFailure) -> SEVHashesTable? {
        guard let kernel else { return nil }
        let kernelDigest = try FileHash.sha256(kernel, area: "kernel")
        let initrdDigest: [UInt8]? = if let initrd { try FileHash.sha256(initrd, area: "initrd") } else { nil }
        do throws(CryptographyError) {
            return try SEVHashesTable(ofKernel: kernelDigest, initrd: initrdDigest, commandLineText: append ?? "")
        } catch { throw CommandFailure(.internalFault, area: "kernel", error.description) }
    }
}
