internal import BoundedBytes
internal import EFI
internal import EventLog

/// Which file the firmware will start.
enum BootSelection {
    /// The firmware's spelling, with backslashes; `second` where shim is to start something else than its default.
    case program(String, second: String?)
    case unknown(String)

    /// From the boot entries as they are now; without them as in the last boot.
    ///
    /// Source: UEFI 2.10, section 3.1: BootNext once, then BootOrder, entry by entry.
    init(_ history: BootHistory, first: Event, second: Event?) throws(PredictionError) {
        let logged = history.path(of: first)
        guard let file = logged?.file else { throw .log("its first program has no file name") }
        let last = BootSelection.program(file, second: second.flatMap { history.path(of: $0)?.file })
        guard let variables = history.variables else {
            self = last
            return
        }
        func value(_ name: String) -> [UInt8]? {
            variables.first { $0.vendor == .globalVariable && $0.name == name }?.data
        }
        if value("BootNext") != nil {
            self = .unknown("BootNext is set: the next boot is another one, once")
            return
        }
        guard let order = value("BootOrder"), order.count >= 2, order.count % 2 == 0 else {
            self = .unknown("there is no BootOrder")
            return
        }
        let entry = order.prefix(2).elementsEqual(value("BootCurrent") ?? []) ? order.prefix(2) : nil
        let name = "Boot" + Self.hexadecimal(order[1]) + Self.hexadecimal(order[0])
        // The same entry with the same contents starts the same program, whatever it names.
        if entry != nil, let option = value(name), history.measured(name) == option {
            self = last
            return
        }
        self = Self.named(value(name), name, logged)
    }

    /// A new or changed entry: it must name a file on the same EFI system partition.
    private static func named(_ bytes: [UInt8]?, _ name: String, _ last: DevicePath?) -> BootSelection {
        guard let bytes, let option = LoadOption(parsing: bytes) else { return .unknown("\(name) cannot be read") }
        guard option.attributes & 1 != 0 else { return .unknown("\(name), the first in BootOrder, is not active") }
        guard let file = option.path.file, let partition = option.path.partition, partition == last?.partition else {
            return .unknown("\(name), the first in BootOrder, names no file on the partition that was booted from")
        }
        guard option.optionalData.isEmpty else {
            return .unknown("\(name) gives options to the program that it starts")
        }
        return .program(file, second: nil)
    }

    private static func hexadecimal(_ byte: UInt8) -> String { Hexadecimal.encode([byte]).uppercased() }
}

extension BootHistory {
    /// What the log shows a boot entry to have been.
    fileprivate func measured(_ name: String) -> [UInt8]? {
        for event in log.events where event.type == .variableBoot || event.type == .variableBoot2 {
            guard case .variable(let variable) = log.content(of: event), variable.name == name,
                variable.vendor == .globalVariable
            else { continue }
            return Array(log.bytes[variable.value])
        }
        return nil
    }
}

extension DevicePath {
    /// The GUID of the partition that it names.
    var partition: GUID? {
        for node in nodes {
            if case .partition(_, _, _, signature: .gpt(let guid)) = node { return guid }
        }
        return nil
    }
}
