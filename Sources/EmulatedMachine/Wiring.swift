internal import InitramfsRuntime

/// All that QEMU inherits: files in memory, and the other ends of the emulator's sockets.
struct Wiring: ~Copyable {
    let firmware: FileDescriptor
    let level: FileDescriptor
    let secretsPage: FileDescriptor
    let tpm: SocketPair
    let console: SocketPair
    let monitor: SocketPair
    let processorPort: SocketPair
    let servicePort: SocketPair

    static func make(firmware: [UInt8], secretsPage: [UInt8], level: UInt8) throws(FileError) -> Wiring {
        let image = try file("firmware", firmware)
        // What runs is what was measured.
        try image.sealAgainstChange()
        return Wiring(
            firmware: image, level: try file("level", [level]), secretsPage: try file("secrets page", secretsPage),
            tpm: try SocketPair("TPM"), console: try SocketPair("console"), monitor: try SocketPair("monitor"),
            processorPort: try SocketPair("AMD-SP"), servicePort: try SocketPair("SVSM"))
    }

    private static func file(_ name: String, _ bytes: [UInt8]) throws(FileError) -> FileDescriptor {
        let file = try FileDescriptor.createInMemory(named: name)
        try file.write(bytes, at: 0)
        return file
    }

    func descriptors(memory: Int32) -> MachineArguments.Descriptors {
        MachineArguments.Descriptors(
            firmware: firmware.rawValue, memory: memory, secretsPage: secretsPage.rawValue, level: level.rawValue,
            tpm: tpm.theirs.rawValue, console: console.theirs.rawValue, monitor: monitor.theirs.rawValue,
            processorPort: processorPort.theirs.rawValue, servicePort: servicePort.theirs.rawValue)
    }
}
