import JSON
import VirtualMachine

/// A way to open the root with a TPM.
protocol RootOpener: Sendable {
    var name: String { get }
    /// Name of its disk among those of Tests/Packages/make-boot-disks.
    var disk: String { get }
    /// What asks for the passphrase at the first boot.
    var prompt: String { get }
    /// Enrols the volume, in a shell; it asks `question`, which is answered with a passphrase of the volume.
    var enrolment: String { get }
    var question: String { get }
    /// How long the program that opens the root took in this boot, where that is known.
    func seconds(_ machine: VirtualMachine) throws -> Double?
}

struct SealrootOpener: RootOpener {
    let name = "Sealroot"
    let disk = "sealroot"
    let prompt = DemoDisk.prompt
    let enrolment = "sealroot enroll /dev/disk/by-partlabel/root"
    let question = "Passphrase or recovery key of the volume:"

    func seconds(_ machine: VirtualMachine) throws -> Double? {
        let status = try JSONValue(parsing: machine.run("cat /run/sealroot/status.json").output)
        guard status["result"] == .string("unlocked"), let steps = status["steps"]?.array else {
            throw BenchFailure(description: "\(name): \(status)")
        }
        return Double(steps.reduce(0) { $0 + ($1["milliseconds"]?.integer ?? 0) }) / 1000
    }
}

struct ClevisOpener: RootOpener {
    let name = "clevis"
    let disk = "clevis"
    let prompt = DemoDisk.prompt
    let enrolment = #"clevis luks bind -y -d /dev/disk/by-partlabel/root tpm2 '{"pcr_ids":"7"}'"#
    let question = "Enter existing LUKS password:"

    /// It is a script of many programs, and nobody takes the time.
    func seconds(_ machine: VirtualMachine) throws -> Double? { nil }
}

struct SystemdOpener: RootOpener {
    let name = "systemd-cryptsetup with dracut"
    let disk = "systemd"
    let prompt = "for disk root:"
    let enrolment = "systemd-cryptenroll --tpm2-device=auto --tpm2-pcrs=7 /dev/disk/by-partlabel/root"
    let question = "Please enter current passphrase for disk"

    func seconds(_ machine: VirtualMachine) throws -> Double? {
        let properties = ["ExecMainStartTimestampMonotonic", "ExecMainExitTimestampMonotonic"]
        let times = try properties.map { property in
            try machine.run("systemctl show -P \(property) systemd-cryptsetup@root").output
        }.compactMap { Double($0.prefix { $0 != "\n" }) }
        guard times.count == 2, times[1] > times[0] else { throw BenchFailure(description: "\(name): \(times)") }
        return (times[1] - times[0]) / 1e6
    }
}
