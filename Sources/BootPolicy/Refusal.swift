internal import BoundedBytes
public import EventLog

/// Why a component of the boot is refused.
public enum Refusal: Equatable, Sendable {
    /// The TPM's PCR is not what the log leads to.
    case otherPCR(Int, replayed: [UInt8], found: [UInt8])
    /// A PCR that the log is compared with was not read.
    case unreadPCR(Int)
    /// The log has no SHA-256 digests, or not for every event.
    case noBank
    /// A log of measurement registers, which no TPM holds.
    case notOfTPM
    /// The event's digest or form is not that of its type.
    case inconsistent(event: Int, EventType, pcr: UInt32, Discrepancy)
    /// No boot writes events of this type or form into this PCR.
    case unexpectedEvent(event: Int, EventType, pcr: UInt32)
    /// The firmware reports an error in the place of a separator.
    case errorSeparator(pcr: UInt32)
    /// Each of the PCRs 0 to 7 has one separator.
    case separators(pcr: UInt32, count: Int)
    /// What belongs before the separator comes behind it, or the other way round.
    case outOfOrder(event: Int, EventType, pcr: UInt32)
    /// The firmware says that its debugger is on.
    case debugMode
    case secureBootOff
    case missingVariable(String)
    case doubledVariable(String)
    case otherVariable(String, expected: [UInt8], found: [UInt8])
    /// shim was told not to check what it starts.
    case validationOff
    case noSBATLevel
    case lowSBATLevel(component: String, found: UInt32?, required: UInt32)
    case unexpectedDriver
    /// None of the programs that the reference allows for this stage.
    case otherProgram(expected: [Reference.Program])
    /// It is allowed, but not behind what was started before it.
    case wrongStage
    /// A stage that the reference has was passed over.
    case missingProgram(expected: [Reference.Program])
    /// Behind the kernel nothing more is started.
    case afterKernel
    /// An argument of the kernel's command line that opens the boot to whoever sits at the console.
    case argument(String)
    case noCommandLine
}

extension Refusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .otherPCR(let pcr, let replayed, let found):
            "PCR " + String(pcr) + " is " + Hexadecimal.encode(found) + ", the log leads to "
                + Hexadecimal.encode(replayed)
        case .unreadPCR(let pcr): "the TPM gave no value for PCR " + String(pcr)
        case .noBank: "the log has no SHA-256 digests, or not for every event"
        case .notOfTPM: "the log is not that of a TPM"
        case .inconsistent(let index, let type, let pcr, let discrepancy):
            Self.place(index, type, pcr) + discrepancy.description
        case .unexpectedEvent(let index, let type, let pcr):
            Self.place(index, type, pcr) + "nothing of this kind belongs there"
        case .errorSeparator(let pcr): "the firmware reports an error in PCR " + String(pcr)
        case .separators(let pcr, let count): "PCR " + String(pcr) + " has " + String(count) + " separators, not one"
        case .outOfOrder(let index, let type, let pcr): Self.place(index, type, pcr) + "out of order"
        case .debugMode: "the firmware's debugger is on"
        case .secureBootOff: "Secure Boot is off"
        case .missingVariable(let name): Printable.escape(name) + " was not measured"
        case .doubledVariable(let name): Printable.escape(name) + " was measured twice"
        case .otherVariable(let name, let expected, let found):
            Printable.escape(name) + ": expected " + Hexadecimal.encode(expected) + ", found "
                + Hexadecimal.encode(found)
        case .validationOff: "shim's validation is off"
        case .noSBATLevel: "no SBAT level was measured"
        case .lowSBATLevel(let component, let found, let required):
            Printable.escape(component) + ": generation " + (found.map { String($0) } ?? "none") + " is demanded, "
                + String(required) + " expected"
        case .unexpectedDriver: "the reference allows no such driver"
        case .otherProgram(let expected): "expected " + Self.list(expected)
        case .wrongStage: "started out of order"
        case .missingProgram(let expected): "never started: expected " + Self.list(expected)
        case .afterKernel: "started behind the kernel"
        case .argument(let text): "argument '" + Printable.escape(text) + "' is not allowed"
        case .noCommandLine: "no kernel command line was measured"
        }
    }

    private static func place(_ index: Int, _ type: EventType, _ pcr: UInt32) -> String {
        "event " + String(index) + " (" + type.description + ", PCR " + String(pcr) + "): "
    }

    /// The first few; a reference may allow many kernels.
    private static func list(_ programs: [Reference.Program]) -> String {
        let shown = programs.prefix(3).map { program in
            Hexadecimal.encode(program.digest) + " ("
                + Printable.escape(program.file, limit: 120, keepingBackslashes: true)
                + (program.version.map { " " + Printable.escape($0) } ?? "") + ")"
        }
        let rest = programs.count > 3 ? " or " + String(programs.count - 3) + " others" : ""
        return programs.isEmpty ? "one that the reference does not have" : shown.joined(separator: " or ") + rest
    }
}
