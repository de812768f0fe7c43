import Foundation
import TestSupport
import Testing
import VirtualMachine

/// A computer with a disk that was encrypted and sealed to its TPM before it ever booted, and that is larger than the
/// image. All that its maker has of the TPM is a public key, and all that he has of the boot is a template.
struct PreparedComputer {
    private let computer: DemoComputer

    private static let template = buildFolder + "/../Packaging/templates/ovmf-debian12-secureboot.json"
    private static let grownMiB = 1792

    /// - Parameters:
    ///   - folder: for all its state, the image included.
    ///   - image: the disk, with a root that is still plain.
    init(in folder: String, image: String = buildFolder + "/images/disk.raw") throws {
        let scratch = try Scratch()
        let disk = DemoDisk(image: folder + "/sealed.raw", recoveryKeyPath: folder + "/recovery-key")
        computer = DemoComputer(disk: disk, folder: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.publishKey(for: folder, scratch)
        // What the maker of an image puts there: the root is still plain.
        try scratch.shell(
            """
            cp --sparse=always '\(image)' disk.raw
            printf 'grow = yes\\nrecovery-key = file\\n' > wishes
            start=$(sfdisk -d disk.raw | sed -n 's/.*start= *\\([0-9]*\\),.*name="root".*/\\1/p')
            debugfs -w -R 'write wishes /etc/sealroot/first-boot.conf' "disk.raw?offset=$((start * 512))" 2>&1
            '\(Scratch.product("sealroot").path)' encrypt-image disk.raw --out '\(disk.image)' \\
                --recovery-key-out '\(disk.recoveryKeyPath)' --seal-to srk.pub --template '\(Self.template)'
            qemu-img create -q -f qcow2 -b '\(disk.image)' -F raw '\(folder)/disk.qcow2' \(Self.grownMiB)M
            """)
    }

    /// What a cloud publishes of the vTPM that it will start: the storage key that its seed leads to. It keeps none.
    private static func publishKey(for folder: String, _ scratch: Scratch) throws {
        let tpm = try SoftwareTPM()
        let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
        try tpm.succeed("tpm2_createprimary", "-G", "ecc", "-a", attributes, "-c", "primary.ctx")
        try tpm.succeed("tpm2_readpublic", "-c", "primary.ctx", "-o", "srk.pub")
        try scratch.write(tpm.read("srk.pub"), to: "srk.pub")
        tpm.stop()
        try FileManager.default.copyItem(atPath: tpm.folder + "/state", toPath: folder + "/tpm")
        try? FileManager.default.removeItem(atPath: folder + "/tpm/.lock")
    }

    /// Switches it on, and waits for the login prompt. Nobody types a passphrase.
    ///
    /// - Parameter keys: what somebody presses in GRUB's menu, one after the other.
    func unattended(choosing keys: [String] = []) throws -> VirtualMachine {
        try computer.unattended(choosing: keys)
    }

    /// Switches it on, and types the recovery key of the image's maker at `prompt`.
    func recovered(at prompt: String) throws -> VirtualMachine { try computer.bootByHand(at: prompt) }

    /// Switches it on, and waits until it has refused the boot and switched itself off.
    ///
    /// - Parameter text: what its console must say.
    func refused(saying text: String) throws {
        let machine = try computer.boot()
        try machine.wait(for: text)
        try machine.wait(for: "(code 77)")
        try machine.waitUntilOff()
        #expect(!machine.transcript.contains(DemoDisk.shell))
        #expect(!machine.transcript.contains(DemoDisk.prompt))
    }
}

extension DemoComputer {
    /// Switches it on, and waits for the login prompt. Nobody types a passphrase.
    ///
    /// - Parameter keys: what somebody presses in GRUB's menu, one after the other.
    func unattended(choosing keys: [String] = []) throws -> VirtualMachine {
        let machine = try boot()
        if !keys.isEmpty { try machine.wait(for: "highlighted entry") }
        for key in keys {
            machine.type(key)
            // A menu says nothing when it has taken a key.
            Thread.sleep(forTimeInterval: 2)
        }
        let reached = try machine.wait(forAny: [DemoDisk.shell, DemoDisk.prompt, DemoDisk.refusal])
        try #require(reached == DemoDisk.shell, "\(machine.transcript.suffix(3000))")
        return machine
    }
}

extension VirtualMachine {
    /// - Returns: what the command printed.
    @discardableResult
    func succeed(_ command: String, seconds: Double = 1200) throws -> String {
        let result = try run(command, seconds: seconds)
        try #require(result.status == 0, "\(command): \(result.output)")
        return result.output
    }

    /// Changes the command line in GRUB's configuration as a host can, which owns the partition that GRUB reads: no unit
    /// of the guest sees it.
    func changeCommandLineAsHost() throws {
        try succeed(
            "systemctl stop sealroot-reseal.path && mount -o remount,rw /boot && "
                + "sed -i 's/panic=30/panic=30 quiet/' /boot/grub/grub.cfg && sync",
            seconds: 300)
    }

    /// Waits until systemd has done with a unit that runs once in a boot.
    func finish(_ unit: String) throws {
        try succeed("until journalctl -b -u \(unit) | grep -q 'Finished'; do sleep 1; done")
    }
}
