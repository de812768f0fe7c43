internal import CGuestAgent
internal import CLinux
internal import GuestKernel
internal import InitramfsRuntime

/// Serves what a confidential guest's kernel would, in a virtual machine whose kernel cannot: the device of the AMD-SP,
/// and configfs-tsm. Everything runs on one thread.
public struct Agent: ~Copyable {
    private let driver: SEVGuestDriver
    private let signals: FileDescriptor
    private let configuration: ServedMount
    /// nil where the guest has no key to speak under: then Linux makes no device either.
    private let device: ServedMount?

    /// Reads the secrets, opens the ports, and mounts both. From then on whoever uses them waits for `run`.
    ///
    /// - Parameters:
    ///   - milliseconds: how long the ports are waited for.
    ///   - report: gets one line for each exchange that failed.
    public static func make(
        _ places: AgentPlaces, waiting milliseconds: Int64, report: @escaping (String) -> Void
    ) throws(AgentError) -> Agent {
        let secrets = try GuestSecrets.read(places)
        let level = secrets.level
        let channel: ProcessorPort
        var services: ServicePort?
        do throws(FileError) {
            channel = ProcessorPort(try LinkPort(places.processorPort, waiting: milliseconds)) {
                report("AMD-SP: " + $0.description)
            }
            if level > 0 {
                services = ServicePort(try LinkPort(places.servicePort, waiting: milliseconds)) {
                    report("SVSM: " + $0.description)
                }
            }
        } catch { throw .file(error) }
        let counter = secrets.counter
        let driver = SEVGuestDriver(channel: channel, secret: secrets.key, vmpck: level, counter: counter)
        // Before anything is mounted: a signal then ends the loop, which unmounts.
        let descriptor = shim_agent_signals()
        guard descriptor >= 0 else { throw .system(step: "signals", errno: shim_errno()) }
        let signals = FileDescriptor(owning: descriptor, path: "signals")
        let tree = ConfigurationTree.root(driver: driver, services: services)
        let configuration = try ServedMount.folder(tree, at: places.configuration)
        let device = driver.hasKey ? try ServedMount.file(SEVGuestFile(driver), at: places.device) : nil
        return Agent(driver: driver, signals: signals, configuration: configuration, device: device)
    }

    /// Serves until a signal asks for the end, or somebody has unmounted one of the two.
    public consuming func run() throws(AgentError) {
        // Whoever still waits has an answer before everything is unmounted.
        defer { driver.abandon() }
        while true {
            var entries = [
                pollfd(fd: signals.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: configuration.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: device?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            guard unsafe poll(&entries, nfds_t(entries.count), patience) >= 0 || shim_errno() == EINTR else {
                throw .system(step: "poll", errno: shim_errno())
            }
            if entries[0].revents != 0 { return }
            driver.resume()
            if entries[1].revents != 0 { try configuration.serve() }
            if entries[2].revents != 0 { try device?.serve() }
        }
    }

    /// Milliseconds until the driver has something to do; -1 where it waits for others.
    private var patience: Int32 {
        guard let wakeUp = driver.wakeUp else { return -1 }
        return Int32(clamping: max(0, wakeUp - MonotonicClock.milliseconds))
    }
}
