internal import CLinux
public import EncryptedMemory
internal import FUSEMount
public import GuestKernel
internal import InitramfsRuntime
public import SNPABI

/// A guest: a command in a world of its own, and the emulator's side of that world, served from one thread.
public struct Guest: ~Copyable {
    /// What a guest runs and sees.
    public struct Settings: Sendable {
        /// The program, looked for in PATH, and its arguments.
        public var command: [String]
        /// What the command's environment has besides the emulator's own.
        public var variables: [String: String]
        /// The emulator's secrets, which the guest must not see.
        public var hiddenFolder: String?
        /// What the kernel shows of the guest's boot, in sysfs.
        public var boot: BootRecord

        public init(
            command: [String], variables: [String: String] = [:], hiddenFolder: String? = nil,
            boot: BootRecord = BootRecord()
        ) {
            self.command = command
            self.variables = variables
            self.hiddenFolder = hiddenFolder
            self.boot = boot
        }
    }

    private var settings: Settings
    private let signals: GuestSignals
    private var device: FUSEMount?
    private var configuration: FUSEMount?
    private var driver: SEVGuestDriver?
    private var tpm: TPMServer?
    private var memory: GuestMemoryServer?

    private static let devicePath = "/dev/sev-guest"
    private static let configurationPath = "/sys/kernel/config"
    private static let tpmFolder = "/dev/snp-emulator"

    /// Makes the guest's devices and folders, and from now on takes the signals that are for the guest, in every thread
    /// that is started later. `GuestNamespace.enter` comes before.
    ///
    /// - Parameters:
    ///   - driver: nil where the guest's memory is not protected by SEV-SNP: it has neither the device nor configfs-tsm.
    ///     With a driver that has no key Linux makes no device, and configfs-tsm has no provider.
    ///   - services: nil where the guest's kernel runs at VMPL 0.
    public static func make(
        _ settings: Settings, driver: SEVGuestDriver?, services: (any ServiceAttestation)?
    ) throws(GuestError) -> Guest {
        var guest = Guest(settings: settings, signals: try GuestSignals())
        // While the machine's own /dev can be seen.
        let first = try Self.openFUSE()
        let second = try Self.openFUSE()
        try GuestMounts.makeDevices()
        try GuestMounts.makeKernelFolder(eventLog: settings.boot.log)
        try GuestMounts.makeFirmwareFolder(variables: settings.boot.variables)
        guard let driver else { return guest }
        let root = ConfigurationTree.root(driver: driver, services: services)
        do throws(MountError) {
            guest.configuration = try FUSEMount(root, at: Self.configurationPath, device: first)
        } catch { throw .mount(error) }
        guard driver.hasKey else { return guest }
        guest.driver = driver
        try GuestMounts.makeFile(Self.devicePath)
        do throws(MountError) {
            guest.device = try FUSEMount(.file(SEVGuestFile(driver)), at: Self.devicePath, device: second)
        } catch { throw .mount(error) }
        return guest
    }

    private init(settings: Settings, signals: consuming GuestSignals) {
        self.settings = settings
        self.signals = signals
    }

    private static func openFUSE() throws(GuestError) -> FileDescriptor {
        do throws(FileError) {
            return try FileDescriptor.open(updatingAt: "/dev/fuse")
        } catch { throw .file(error) }
    }

    /// Gives the guest a TPM: a socket, and the variables by which tpm2-tools and Sealroot find it.
    public mutating func addTPM(_ transport: any TPMTransport) throws(GuestError) {
        do throws(FileError) {
            try FileBytes.makeDirectory(Self.tpmFolder)
            let server = try TPMServer(path: Self.tpmFolder + "/tpm", transport: transport)
            for name in ["TPM2TOOLS_TCTI", "SEALROOT_TCTI"] { settings.variables[name] = server.tcti }
            self.tpm = server
        } catch { throw .file(error) }
    }

    /// Lets `snp-emulator memory` look at what was loaded into the guest's memory, while it runs.
    ///
    /// - Parameter folder: the state's, for the socket.
    public mutating func show(
        _ pages: [LaunchPages], _ protection: MemoryProtection, in folder: String
    ) throws(GuestError) {
        let launched = try LaunchedMemory(pages, protection)
        do throws(FileError) { memory = try GuestMemoryServer.start(launched, in: folder) } catch { throw .file(error) }
    }

    /// Runs the command, and serves the guest until it ends.
    ///
    /// - Returns: the command's exit status, or 128 and the number of the signal that ended it.
    public consuming func run() throws(GuestError) -> Int32 {
        for (name, value) in settings.variables {
            guard unsafe setenv(name, value, 1) == 0 else { throw .namespace(step: name, errno: shim_errno()) }
        }
        let process = try GuestProcess.start(settings.command, hiding: settings.hiddenFolder, signals: signals)
        // Before the processes that are left are waited for: one of them may wait for us.
        defer {
            driver?.abandon()
            (device, configuration, driver) = (nil, nil, nil)
        }
        while true {
            var entries = [
                pollfd(fd: process.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: device?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: configuration?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&entries, nfds_t(entries.count), patience) >= 0 || shim_errno() == EINTR else {
                throw .namespace(step: "poll", errno: shim_errno())
            }
            driver?.resume()
            while let number = signals.next() { process.signal(number) }
            if entries[2].revents != 0, device?.serve() == false { throw .served(Self.devicePath) }
            if entries[3].revents != 0, configuration?.serve() == false { throw .served(Self.configurationPath) }
            guard entries[0].revents != 0 else { continue }
            switch process.event(name: settings.command[0]) {
            case .ended(let status): return status
            case .failed(let error): throw error
            }
        }
    }

    /// Milliseconds until the driver has something to do; -1 where it waits for others.
    private var patience: Int32 {
        guard let wakeUp = driver?.wakeUp else { return -1 }
        return Int32(clamping: max(0, wakeUp - MonotonicClock.milliseconds))
    }
}
