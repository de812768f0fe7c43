internal import BoundedBytes
public import EFI
public import EventLog

/// What is known of the machine that will boot: its last log, or that of another with the same firmware.
public struct BootHistory: Sendable {
    public let log: EventLog
    /// The name of the template, where the machine has not booted yet: it has no owner's keys and no boot entries.
    public let template: String?
    /// The firmware's variables as the next boot finds them; nil where they cannot be read.
    public let variables: [Variable]?
    /// Whether the firmware offers its setup menu, of a template; nil where that is not known.
    private let templateSetup: Bool?

    public init(log: EventLog, template: String? = nil, variables: [Variable]? = nil) {
        self.log = log
        self.template = template
        self.variables = variables
        templateSetup = nil
    }

    public init(_ template: Template) {
        log = template.log
        self.template = template.name
        variables = nil
        templateSetup = template.hasFirmwareSetup
    }

    /// Bit 0 of OsIndicationsSupported, 64 bits; nil where that is not known. Source: UEFI 2.10, section 8.5.4.
    var hasFirmwareSetup: Bool? {
        guard let variables else { return templateSetup }
        let value = variables.first { $0.vendor == .globalVariable && $0.name == "OsIndicationsSupported" }
        return value?.data.first.map { $0 & 1 != 0 } ?? false
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
