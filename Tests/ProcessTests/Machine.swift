import BoundedBytes
import Cryptography
import Foundation
import TestSupport

/// A machine of processes: a TPM of its own, a LUKS2 volume in a file, and the built programs.
final class Machine {
    let tpm: SoftwareTPM
    let volume: VolumeFile
    let configurationPath: String
    /// What a boot measures, as tpm2_pcrextend takes it.
    var boot: [String] = []
    /// The installed system that it boots, where there is one.
    var tree: InstalledTree?

    /// PCRs as a boot would have left them; the fence PCR is still zero.
    static let measured = [4, 7, 8, 9, 14]

    /// A machine whose PCRs are as five events of the test's own leave them; its boot is not checked.
    init(extraLines: String = "") throws {
        tpm = try SoftwareTPM()
        volume = try VolumeFile()
        configurationPath = tpm.path("init.conf")
        // Each the digest of a text that `extend` could have extended.
        boot = try Self.measured.map { pcr in
            let digest = try DigestAlgorithm.sha256.hash(Array("event in PCR \(pcr)".utf8))
            return "\(pcr):sha256=" + Hexadecimal.encode(digest)
        }
        try measure()
        try configure("boot-check = off\n" + extraLines)
    }

    /// A machine with what another one has on its disks and keeps in its TPM, booted by the same chain.
    init(copying other: Machine) throws {
        tpm = try SoftwareTPM(copying: other.tpm)
        volume = try VolumeFile(copying: other.volume)
        configurationPath = tpm.path("init.conf")
        boot = other.boot
        tree = other.tree
        if FileManager.default.fileExists(atPath: other.stateFolder) {
            try FileManager.default.copyItem(atPath: other.stateFolder, toPath: stateFolder)
        }
        try measure()
        try configure("boot-check = off\n")
    }

    func measure() throws {
        let result = try Command.run(["tpm2_pcrextend"] + boot, environment: ["TPM2TOOLS_TCTI": tpm.tcti])
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
    }

    /// A power cut, and the next boot as `boot` says.
    func reboot() throws {
        tpm.stop()
        try tpm.start()
        try measure()
    }

    /// A machine that has booted as `boot` says: its log is there to check, and its PCRs are as the log leads to.
    init(booted boot: RecordedBoot, configuration: String = "") throws {
        tpm = try SoftwareTPM()
        volume = try VolumeFile()
        configurationPath = tpm.path("init.conf")
        try boot.measure(into: tpm)
        try boot.writeFiles(to: tpm)
        try configure(configuration)
    }

    /// When each file was last written that outlives a power cut: the volume, the authority's keys, the TPM's state.
    func lastWrites() throws -> [String: Date] {
        let manager = FileManager.default
        let files = [stateFolder, tpm.path("state")].flatMap { folder in
            (manager.subpaths(atPath: folder) ?? []).map { folder + "/" + $0 }
        }
        let dated = try ([volume.path] + files).map { path in
            (path, try manager.attributesOfItem(atPath: path)[.modificationDate] as? Date ?? .distantPast)
        }
        return Dictionary(uniqueKeysWithValues: dated)
    }

    func configure(_ extraLines: String) throws {
        let text = "device = \(volume.path)\nmapping = root\ntcti = \(tpm.tcti)\ntimeout = 1\n" + extraLines
        try tpm.write(Array(text.utf8), to: "init.conf")
    }

    /// Extends by tpm2-tools, as whoever measures would.
    func extend(_ pcr: Int, _ text: String) throws {
        try tpm.write(Array(text.utf8), to: "event")
        try tpm.succeed("tpm2_pcrevent", String(pcr), tpm.path("event"))
    }

    @discardableResult
    func enroll(_ arguments: String...) throws -> CommandResult {
        try enroll(arguments)
    }

    func enroll(_ arguments: [String]) throws -> CommandResult {
        try sealroot(["enroll", volume.path, "--key-file", volume.keyFile] + places + arguments)
    }

    func wipe(_ arguments: String...) throws -> CommandResult {
        try sealroot(["wipe", volume.path] + places + arguments)
    }

    /// Where the tool finds the TPM and the authority's key.
    var places: [String] { ["--tcti", tpm.tcti, "--state", stateFolder] }
    var stateFolder: String { tpm.path("keys") }

    func sealroot(_ arguments: [String]) throws -> CommandResult {
        try Command.run([Scratch.product("sealroot").path] + arguments)
    }

    /// The unlock up to the mapping, which needs device-mapper; the whole of it runs in a VM.
    func unlock(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            [Self.guestProgram, "unlock", "--config", configurationPath, "--no-activate", "--json"] + arguments)
    }

    /// As `unlock`, with the files of the boot that the machine was made from.
    func unlockChecked(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            [Self.guestProgram, "unlock", "--config", configurationPath, "--no-activate", "--json"] + bootFiles
                + arguments)
    }

    /// As `unlock`, with the recovery that the configuration says.
    func recover(_ askpass: Askpass, _ arguments: [String] = []) throws -> CommandResult {
        try Command.run(
            [Self.guestProgram, "unlock", "--config", configurationPath, "--no-activate", "--json", "--recover"]
                + ["--askpass", askpass.path] + arguments)
    }

    func check(_ arguments: String...) throws -> CommandResult {
        try Command.run([Self.guestProgram, "check", "--config", configurationPath] + bootFiles + arguments)
    }

    private var bootFiles: [String] {
        ["--eventlog", tpm.path("eventlog.bin"), "--reference", tpm.path("reference.json")]
    }

    func fence() throws -> CommandResult {
        try Command.run(
            [Self.guestProgram, "fence", "--config", configurationPath, "--measurement-log", tpm.path("measure.log")])
    }

    /// The Embedded build, which is the one that boots; without it the ordinary build of the same sources.
    static var guestProgram: String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let embedded = root.appending(path: ".build-embedded/release/sealroot-init").path
        return FileManager.default.isExecutableFile(atPath: embedded)
            ? embedded : Scratch.product("sealroot-init").path
    }
}
