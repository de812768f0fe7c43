import Foundation

/// The disk that `make image` builds: Debian 12 with our packages, its root encrypted by `sealroot encrypt-image`.
public struct DemoDisk: Sendable {
    public let image: String
    public let recoveryKeyPath: String

    /// - Parameter folder: where `make image` put it.
    public init(in folder: String) {
        image = folder + "/encrypted.raw"
        recoveryKeyPath = folder + "/recovery-key"
    }

    /// Another disk of that kind.
    public init(image: String, recoveryKeyPath: String) {
        self.image = image
        self.recoveryKeyPath = recoveryKeyPath
    }

    public var isBuilt: Bool { FileManager.default.fileExists(atPath: image) }

    /// Texts on its console.
    public static let shell = "root@sealroot-demo:~#"
    public static let prompt = "Please unlock disk root"
    public static let refusal = "sealroot: the boot ends here"
}

/// One computer with the demo disk in it. Its folder holds all its state: what was written to the disk, firmware
/// variables and TPM. A copy of the folder is the same computer a second time.
public struct DemoComputer: Sendable {
    public let disk: DemoDisk
    public let folder: String

    public init(disk: DemoDisk, folder: String) {
        self.disk = disk
        self.folder = folder
    }

    /// Switches it on.
    public func boot() throws(VirtualMachineError) -> VirtualMachine {
        try VirtualMachine(disk: disk.image, folder: folder)
    }

    /// Boots it with its volume not enrolled: a person types the recovery key at `prompt`, which is Debian's own.
    public func bootByHand(at prompt: String = DemoDisk.prompt) throws(VirtualMachineError) -> VirtualMachine {
        let key = try recoveryKey()
        let machine = try boot()
        try machine.wait(for: prompt)
        machine.type(key + "\n")
        try machine.wait(for: DemoDisk.shell)
        return machine
    }

    private func recoveryKey() throws(VirtualMachineError) -> String {
        guard let key = try? String(contentsOfFile: disk.recoveryKeyPath, encoding: .utf8) else {
            throw .start("cannot read \(disk.recoveryKeyPath)")
        }
        return key
    }

    /// The first boot: a person types the recovery key at Debian's own prompt and enrols the volume.
    ///
    /// - Returns: what `sealroot enroll` printed.
    @discardableResult
    public func enroll() throws(VirtualMachineError) -> String {
        let (machine, output) = try enrollAndStay()
        try machine.powerOff()
        return output
    }

    /// The same, with the machine left running.
    public func enrollAndStay() throws(VirtualMachineError) -> (machine: VirtualMachine, output: String) {
        let key = try recoveryKey()
        let machine = try bootByHand()
        let prompt = "Passphrase or recovery key of the volume:"
        let result = try machine.run(
            "sealroot enroll /dev/disk/by-partlabel/root", answering: [(prompt: prompt, answer: key)])
        guard result.status == 0 else { throw .start("sealroot enroll failed: " + result.output) }
        return (machine, result.output)
    }
}
