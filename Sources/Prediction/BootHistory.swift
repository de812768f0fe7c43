public import EFI
public import EventLog

/// What is known of the machine that will boot: its last log, or that of another with the same firmware.
public struct BootHistory: Sendable {
    public let log: EventLog
    /// The name of the template, where the machine has not booted yet: it has no owner's keys and no boot entries.
    public let template: String?
    /// The firmware's variables as the next boot finds them; nil where they cannot be read.
    public let variables: [Variable]?

    public init(log: EventLog, template: String? = nil, variables: [Variable]? = nil) {
        self.log = log
        self.template = template
        self.variables = variables
    }

    var reason: PredictedEvent.Reason { template.map { .template($0) } ?? .keptFromLastLog }
    /// For messages.
    var name: String { template.map { "the template " + $0 } ?? "the last log" }

    /// Where the first program of a disk lies among the events, and shim's next one; the firmware's own programs, out of
    /// a firmware volume, are not counted.
    public var programs: [Event] {
        log.events.filter { event in
            guard event.pcr == 4, event.type == .bootServicesApplication,
                case .image(let load) = log.content(of: event)
            else { return false }
            return load.path.file != nil
        }
    }

    func path(of event: Event) -> DevicePath? {
        guard case .image(let load) = log.content(of: event) else { return nil }
        return load.path
    }
}
