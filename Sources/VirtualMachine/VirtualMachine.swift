import Foundation
import Glibc

/// A whole VM: QEMU without KVM, OVMF with Secure Boot and Microsoft's keys, a swtpm behind tpm-crb.
///
/// A test reads as a story: start, wait for a text, type, run a command, power off. The disk is never written:
/// each machine works on an overlay in its own folder, which also keeps firmware variables and TPM state, so a
/// second machine made in the same folder is the same computer booted again.
public final class VirtualMachine {
    private static let firmware = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
    private static let variables = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"

    /// They end with the machine, and the last of them by itself.
    private let processes: [Process]
    private let console: SerialConsole
    private var commandCount = 0

    /// Boots `disk`, a raw image, as the computer whose state is in `folder`.
    public init(disk: String, folder: String) throws(VirtualMachineError) {
        let socket = folder + "/run"
        let state = folder + "/tpm"
        do {
            for path in [folder, state, socket] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            for name in ["tpm", "console"] { try? FileManager.default.removeItem(atPath: socket + "/" + name) }
            if !FileManager.default.fileExists(atPath: folder + "/vars.fd") {
                try FileManager.default.copyItem(atPath: Self.variables, toPath: folder + "/vars.fd")
            }
            if !FileManager.default.fileExists(atPath: folder + "/disk.qcow2") {
                let overlay = try Self.start([
                    "qemu-img", "create", "-q", "-f", "qcow2", "-b", disk, "-F", "raw", folder + "/disk.qcow2",
                ])
                overlay.waitUntilExit()
            }
            let tpm = try Self.start([
                "swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state, "--ctrl",
                "type=unixio,path=" + socket + "/tpm", "--terminate",
            ])
            let deadline = Date(timeIntervalSinceNow: 20)
            while !FileManager.default.fileExists(atPath: socket + "/tpm"), Date() < deadline { usleep(20_000) }
            processes = [tpm, try Self.start(Self.arguments(folder: folder, socket: socket))]
        } catch { throw .start("cannot start the machine: \(error)") }
        console = try SerialConsole(path: socket + "/console", deadline: Date(timeIntervalSinceNow: 30))
    }

    /// Boots a disk by `snp-emulator boot`, as the machine whose state folder is given.
    ///
    /// - Parameters:
    ///   - emulator: path of snp-emulator.
    ///   - options: more of boot's options.
    public init(
        emulator: String, disk: String, state: String, options: [String] = []
    ) throws(VirtualMachineError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else { throw .start("no socket for the console") }
        let theirs = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        console = SerialConsole(descriptor: ends[0])
        do {
            processes = [
                try Self.start([emulator, "boot", disk, "--state", state] + options, console: theirs)
            ]
        } catch { throw .start("cannot start \(emulator): \(error)") }
        try? theirs.close()
    }

    deinit { end() }

    private func end() {
        for process in processes.reversed() where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// setpriv makes the kernel kill the program when the one that started it dies, however that happens.
    private static func start(_ words: [String], console: FileHandle? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/setpriv")
        process.arguments = ["--pdeathsig", "KILL"] + words
        process.standardInput = console ?? FileHandle.nullDevice
        if let console { process.standardOutput = console }
        try process.run()
        return process
    }

    private static func arguments(folder: String, socket: String) -> [String] {
        // Without erms: TCG runs `rep stosb` byte by byte, by which a kernel with it clears each page.
        [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
            "-machine", "q35,smm=on,sata=off,smbus=off,vmport=off", "-accel", "tcg,thread=multi,tb-size=512", "-cpu",
            "max,-erms",
            "-smp", "1", "-m", "1024", "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-global", "ICH9-LPC.disable_s3=1",
            "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=" + firmware,
            "-drive", "if=pflash,format=raw,unit=1,file=" + folder + "/vars.fd",
            "-chardev", "socket,id=tpm,path=" + socket + "/tpm", "-tpmdev", "emulator,id=tpm0,chardev=tpm",
            "-device", "tpm-crb,tpmdev=tpm0",
            "-drive", "if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file=" + folder + "/disk.qcow2",
            "-device", "virtio-blk-pci,drive=disk,bootindex=0", "-object", "rng-random,id=rng,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=rng",
            "-chardev",
            "socket,id=con,server=on,wait=off,path=" + socket + "/console,logfile=" + folder + "/console.log",
            "-serial", "chardev:con",
        ]
    }

    /// Waits until `text` appears on the console, behind what was found last.
    public func wait(for text: String, seconds: Double = 300) throws(VirtualMachineError) {
        _ = try console.wait(forAny: [text], seconds: seconds)
    }

    /// Waits for the first of several texts and says which it was.
    public func wait(forAny texts: [String], seconds: Double = 300) throws(VirtualMachineError) -> String {
        try console.wait(forAny: texts, seconds: seconds).text
    }

    public func type(_ text: String) { console.type(text) }

    /// Runs `command` in the root shell on the console, and types each answer when its prompt has come. The marks are typed in two halves, so that the echo of
    /// the typing is not taken for the output.
    public func run(
        _ command: String, answering answers: [(prompt: String, answer: String)] = [], seconds: Double = 300
    ) throws(VirtualMachineError) -> (output: String, status: Int) {
        commandCount += 1
        let mark = String(commandCount)
        console.type("echo '<''B\(mark)>'; \(command); echo '<''E\(mark):'$?'>'\n")
        _ = try console.wait(forAny: ["<B\(mark)>\r\n"], seconds: seconds)
        for (prompt, answer) in answers {
            try wait(for: prompt, seconds: seconds)
            console.type(answer + "\n")
        }
        let output = try console.wait(forAny: ["<E\(mark):"], seconds: seconds).before
        let status = try console.wait(forAny: [">"], seconds: seconds).before
        return (output.replacingOccurrences(of: "\r\n", with: "\n"), Int(status) ?? -1)
    }

    /// Nothing that the system has not written by now reaches the disk.
    public func cutPower() {
        end()
        for process in processes { process.waitUntilExit() }
    }

    /// Shuts the system down and waits until the machine is off.
    public func powerOff() throws(VirtualMachineError) {
        console.type("systemctl poweroff\n")
        try waitUntilOff()
    }

    /// Waits until the machine switches itself off.
    public func waitUntilOff(seconds: Double = 300) throws(VirtualMachineError) {
        try console.drain(seconds: seconds)
        // swtpm ends when QEMU hangs up, and has written its state by then.
        let deadline = Date(timeIntervalSinceNow: 20)
        while processes.contains(where: \.isRunning), Date() < deadline { usleep(20_000) }
    }

    /// How the machine's program has ended; nil while it runs.
    public var exitStatus: Int32? { processes.last.flatMap { $0.isRunning ? nil : $0.terminationStatus } }

    /// Everything that the console has shown so far.
    public var transcript: String { String(decoding: console.output, as: UTF8.self) }
}
