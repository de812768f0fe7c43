internal import BoundedBytes
internal import EventLog

/// Separators part what the firmware does for itself from what it starts.
extension BootCheck {
    func orderVerdict() -> ComponentVerdict { ComponentVerdict(.order, refusal: orderRefusal()) }

    /// Source: TCG PC Client Platform Firmware Profile 1.06, sections 3.3.4.5 and 3.3.4.8.
    private func orderRefusal() -> Refusal? {
        for pcr in UInt32(0)...7 {
            var count = 0
            for event in events(in: pcr) {
                switch log.content(of: event) {
                case .separator(.zeros), .separator(.ones): count += 1
                case .separator: return .errorSeparator(pcr: pcr)
                case .image where pcr == 4 && event.type == .bootServicesApplication && count == 0:
                    return .outOfOrder(event: event.index, event.type, pcr: pcr)
                // shim of 2021 measures its own lists as configuration, when it runs.
                case .variable(let variable)
                where pcr == 7 && event.type == .variableDriverConfig && count > 0 && variable.vendor != .shim:
                    return .outOfOrder(event: event.index, event.type, pcr: pcr)
                case .action(Self.debugMode): return .debugMode
                default: continue
                }
            }
            guard count == 1 else { return .separators(pcr: pcr, count: count) }
        }
        return nil
    }
}
