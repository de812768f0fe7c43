internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

/// Collects the events of the next boot, stage by stage.
struct Predictor {
    let installed: InstalledSystem
    let history: BootHistory
    let algorithms: [DigestAlgorithm]
    let banks: [DigestBank]
    var events: [PredictedEvent] = []
    var gaps: [PredictionGap] = []
    var entry: [String] = []
    /// The version of the kernel whose entry shall boot; nil for the default entry.
    var kernel: String?
    var isInSubmenu = false
    /// GRUB 2.14 and later may start what shim has loaded when the file was opened, with no further measurement.
    var keepsLoadedImages = false
    /// The least SBAT generations that shim will demand; nil where it sets none.
    var level: [UInt8]?
    /// What shim measures into PCR 14, as far as it is known.
    var lists: [(name: String, value: [UInt8])] = []
    /// What has been extended into PCR 7 as authorities by shim: each is measured once.
    var authorities: [[UInt8]] = []

    init(_ installed: InstalledSystem, _ history: BootHistory) throws(PredictionError) {
        guard !history.log.isConfidentialComputingLog else { throw .log("it has measurement registers and not PCRs") }
        banks = history.log.banks.filter { $0.algorithm != nil }
        algorithms = banks.compactMap { $0.algorithm }
        guard !banks.isEmpty else { throw .log("it has no bank that can be computed") }
        self.installed = installed
        self.history = history
    }

    // MARK: Events

    /// Takes an event as it is in the log.
    mutating func keep(_ event: Event) {
        var digests: [[UInt8]] = []
        for bank in banks {
            guard let digest = history.log.digest(of: event, in: bank) else {
                return gap([event.pcr], "event \(event.index)", "\(history.name) has no \(bank.name) digest of it")
            }
            digests.append(Array(digest))
        }
        events.append(
            PredictedEvent(
                pcr: event.pcr, type: event.type, digests: digests, reason: history.reason, text: text(of: event),
                data: Array(history.log.data(of: event))))
    }

    /// An event whose digest is that of `bytes`, and whose data they are, too, where it is not given.
    mutating func add(
        _ pcr: UInt32, _ type: EventType, hashing bytes: [UInt8], _ reason: PredictedEvent.Reason, _ text: String,
        data: [UInt8]? = nil
    ) throws(PredictionError) {
        var digests: [[UInt8]] = []
        for algorithm in algorithms {
            digests.append(try hash(bytes, algorithm))
        }
        events.append(
            PredictedEvent(pcr: pcr, type: type, digests: digests, reason: reason, text: text, data: data ?? bytes))
    }

    /// A program that firmware or shim measures into PCR 4.
    mutating func add(_ program: BootProgram, data: [UInt8]) throws(PredictionError) {
        let digests = try system { () throws(InstalledSystemError) in try program.digests(algorithms) }
        events.append(
            PredictedEvent(
                pcr: 4, type: .bootServicesApplication, digests: digests, reason: .file(program.name),
                text: program.kind.rawValue + " " + program.path, data: data))
    }

    mutating func gap(_ pcrs: [UInt32], _ event: String, _ reason: String) {
        // A kernel is measured twice, and has the same defect both times.
        let gap = PredictionGap(pcrs: pcrs, event: event, reason: reason)
        if !gaps.contains(gap) { gaps.append(gap) }
    }

    // MARK: The log

    /// Whether the log's event has these bytes' digests.
    func isDigest(of bytes: [UInt8], _ event: Event) throws(PredictionError) -> Bool {
        for (bank, algorithm) in zip(banks, algorithms) {
            guard let digest = history.log.digest(of: event, in: bank) else { return false }
            if try hash(bytes, algorithm)[...] != digest { return false }
        }
        return true
    }

    /// Whether the log's event is of this program.
    func isDigest(of program: BootProgram, _ event: Event) throws(PredictionError) -> Bool {
        for (bank, algorithm) in zip(banks, algorithms) {
            let digest = try system { () throws(InstalledSystemError) in try program.digest(algorithm) }
            if history.log.digest(of: event, in: bank) != digest[...] { return false }
        }
        return true
    }

    func variable(in event: Event) -> VariableMeasurement? {
        guard case .variable(let found) = history.log.content(of: event) else { return nil }
        return VariableMeasurement(
            vendor: found.vendor, name: found.name, value: Array(history.log.bytes[found.value]))
    }

    /// What the next boot finds in a variable; nil where neither firmware nor log tells.
    func value(of name: String, _ vendor: GUID) -> [UInt8]? {
        if let variables = history.variables {
            return variables.first { $0.name == name && $0.vendor == vendor }?.data ?? []
        }
        for event in history.log.events where event.type == .variableDriverConfig {
            if let found = variable(in: event), found.name == name, found.vendor == vendor { return found.value }
        }
        return nil
    }

    var isSecureBoot: Bool { value(of: "SecureBoot", .globalVariable) == [1] }

    private func text(of event: Event) -> String {
        switch history.log.content(of: event) {
        case .separator(let value): return "separator, " + value.rawValue
        case .action(let action): return action
        case .variable(let variable): return variable.name
        case .image(let load): return load.path.description
        case .shimVariable(let name): return name
        case .text(let text): return text
        default: return "event \(event.index)"
        }
    }
}
