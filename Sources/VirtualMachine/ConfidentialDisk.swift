import Foundation

/// The disk that `make image` makes for one machine on one emulated chip: sealed to its vTPM before it has ever booted.
public struct ConfidentialDisk: Sendable {
    public let image: String
    /// The state folder of the chip, as its maker left it.
    public let chip: String
    public let recoveryKeyPath: String

    /// - Parameter folder: where `make image` put it.
    public init(in folder: String) {
        image = folder + "/confidential.raw"
        chip = folder + "/chip"
        recoveryKeyPath = folder + "/confidential-recovery-key"
    }

    public var isBuilt: Bool { FileManager.default.fileExists(atPath: image) }

    /// Delivers the machine: a copy of the chip, with the vTPM as it was when the disk was sealed to it.
    ///
    /// - Parameter state: where; what is there is lost.
    public func deliver(to state: String) throws(VirtualMachineError) {
        do {
            if FileManager.default.fileExists(atPath: state) { try FileManager.default.removeItem(atPath: state) }
            try FileManager.default.copyItem(atPath: chip, toPath: state)
        } catch { throw .start("cannot copy the chip: \(error)") }
    }

    /// Boots the disk on the chip in `state`.
    ///
    /// - Parameters:
    ///   - emulator: path of snp-emulator.
    ///   - options: more of boot's options.
    public func boot(
        emulator: String, state: String, options: [String] = []
    ) throws(VirtualMachineError) -> VirtualMachine {
        try VirtualMachine(emulator: emulator, disk: image, state: state, options: options)
    }
}
