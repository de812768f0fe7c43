public import GuestKernel
internal import InitramfsRuntime
public import SNPEmulator

/// A whole virtual machine from one launch to its end: QEMU, and the emulator's side of all that leads out of it.
///
/// When the value ends nothing of it is left: QEMU is ended and waited for, the threads too, and the memory never had a
/// name that could stay.
public struct EmulatedMachine: ~Copyable {
    /// What only this launch has.
    public struct Launch {
        /// The guest's way to the AMD-SP.
        public let channel: any GuestMessageChannel
        public let services: any ServiceAttestation
        public let tpm: any TPMTransport
        /// 4096 bytes, as the guest's kernel finds them.
        public let secretsPage: [UInt8]
        /// The VMPL of the guest's kernel.
        public let level: UInt8

        public init(
            channel: any GuestMessageChannel, services: any ServiceAttestation, tpm: any TPMTransport,
            secretsPage: [UInt8], level: UInt8
        ) {
            self.channel = channel
            self.services = services
            self.tpm = tpm
            self.secretsPage = secretsPage
            self.level = level
        }
    }

    let qemu: ChildProcess
    let alarm: Alarm
    let console: FileDescriptor
    var monitor: Monitor
    /// Emptied once QEMU has read it.
    let secretsPage: FileDescriptor
    private let memory: MemoryWindow
    private let ports: GuestPorts
    private let tpm: TPMControlServer

    /// Switches the machine on.
    public static func start(_ settings: MachineSettings, _ launch: Launch) throws(MachineError) -> EmulatedMachine {
        let folder = try MachineFolder(settings)
        let ram = try GuestRAM.make(byteCount: settings.memory)
        let wiring: Wiring
        do throws(FileError) {
            wiring = try Wiring.make(
                firmware: settings.firmware, secretsPage: launch.secretsPage, level: launch.level)
        } catch { throw .file(error) }
        let descriptors = wiring.descriptors(memory: ram.file.rawValue)
        let arguments = MachineArguments(settings: settings, folder: folder, descriptors: descriptors)
        let qemu = try ChildProcess.start(arguments.words, keeping: descriptors.all)
        let memory = try ram.serve(in: settings.runFolder)
        return try EmulatedMachine.connect(qemu, memory, wiring, launch)
    }

    /// Our copies of QEMU's ends are closed as this returns: only then does a socket tell that QEMU is gone.
    private static func connect(
        _ qemu: consuming ChildProcess, _ memory: MemoryWindow, _ wiring: consuming Wiring, _ launch: Launch
    ) throws(MachineError) -> EmulatedMachine {
        do throws(FileError) {
            let alarm = try Alarm()
            let ports = try GuestPorts(
                processor: wiring.processorPort.ours, launch.channel, service: wiring.servicePort.ours,
                launch.services)
            let tpm = try TPMControlServer(wiring.tpm.ours, transport: launch.tpm, alarm: alarm)
            return EmulatedMachine(
                qemu: qemu, alarm: alarm, console: wiring.console.ours, monitor: Monitor(wiring.monitor.ours),
                secretsPage: wiring.secretsPage, memory: memory, ports: ports, tpm: tpm)
        } catch { throw .file(error) }
    }

    private init(
        qemu: consuming ChildProcess, alarm: Alarm, console: consuming FileDescriptor, monitor: consuming Monitor,
        secretsPage: consuming FileDescriptor, memory: MemoryWindow, ports: GuestPorts, tpm: TPMControlServer
    ) {
        self.qemu = qemu
        self.alarm = alarm
        self.console = console
        self.monitor = monitor
        self.secretsPage = secretsPage
        self.memory = memory
        self.ports = ports
        self.tpm = tpm
    }
}
