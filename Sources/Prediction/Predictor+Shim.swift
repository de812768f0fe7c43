internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

extension Predictor {
    /// What shim measures between its start and that of `next`.
    mutating func predictShim(
        _ chain: BootChain, after first: Event, before second: Event?
    ) throws(PredictionError) {
        guard let shim = chain.shim else { return }
        if let request = pendingRequest {
            return gap(
                Prediction.pcrs, "MokManager",
                "the variable \(request) makes shim ask at the console" + Self.revocation(of: request))
        }
        if chain.usesFallback {
            return gap(Prediction.pcrs, chain.programs[1].name, "shim's fallback program writes boot entries first")
        }
        if !chain.shimAdditions.isEmpty {
            let files = chain.shimAdditions.joined(separator: ", ")
            gap([7, 14], "shim's lists", "files beside shim may change them: \(files)")
        }
        let isSame = try isDigest(of: shim, first)
        let contents = try ShimContents(shim)
        let end = second?.index ?? history.log.events.count
        let own = history.log.events[(first.index + 1)..<end].filter {
            $0.isExtended && ($0.pcr == 7 || $0.pcr == 14) && !isProgramAuthority($0)
        }
        guard own.contains(where: { $0.pcr == 14 }) else {
            return gap([7, 14], "shim's variables", "\(history.name) is not of a boot through shim")
        }
        for event in own {
            if event.pcr == 7, variable(in: event)?.name == "SbatLevel" {
                try predictLevel(event, contents, isSame)
            } else if event.pcr == 14, case .shimVariable(let name) = history.log.content(of: event) {
                try predictList(event, name, contents, isSame)
            } else if isSame {
                keep(event)
            } else {
                gap([event.pcr], "event \(event.index)", "shim has changed since \(history.name)")
            }
        }
    }

    /// A certificate or digest that accepted a program, and no setting of shim's.
    func isProgramAuthority(_ event: Event) -> Bool {
        guard event.type == .variableAuthority, let name = variable(in: event)?.name else { return false }
        return ["db", "MokList", "MokListRT", "Shim", "vendor_db"].contains(name)
    }

    /// What the owner has asked MokManager for. Source: rhboot/shim `mok.c`, check_mok_request; mokutil(1).
    private var pendingRequest: String? {
        let names = [
            "MokNew", "MokDel", "MokXNew", "MokXDel", "MokAuth", "MokDelAuth", "MokXAuth", "MokSB", "MokPW", "MokDB",
        ]
        return history.variables?.first { $0.vendor == .shim && names.contains($0.name) }?.name
    }

    /// The way back, where mokutil has one.
    private static func revocation(of request: String) -> String {
        switch request {
        case "MokNew", "MokAuth": ", unless 'mokutil --revoke-import' takes that back"
        case "MokDel", "MokDelAuth": ", unless 'mokutil --revoke-delete' takes that back"
        default: ""
        }
    }

    /// SbatLevel: shim sets its own automatic level where that is newer than the one that is set.
    private mutating func predictLevel(
        _ event: Event, _ contents: ShimContents, _ isSame: Bool
    ) throws(PredictionError) {
        let request = history.variables?.first { $0.vendor == .shim && ["SbatPolicy", "SSPPolicy"].contains($0.name) }
        if let request {
            return gap([7], "SbatLevel", "the variable \(request.name) asks shim for another level")
        }
        guard let logged = variable(in: event) else {
            return gap([7], "SbatLevel", "\(history.name) does not show it")
        }
        level = logged.value
        guard !isSame else { return keep(event) }
        guard let automatic = contents.automaticLevel else {
            return gap([7], "SbatLevel", "the new shim does not say which level it sets")
        }
        guard let old = date(of: logged.value), let new = date(of: automatic) else {
            return gap([7], "SbatLevel", "a level has no date")
        }
        // A machine that never booted has no level yet, so shim sets its own, be it older than the template's.
        guard history.template == nil ? new > old : new != old else { return keep(event) }
        level = automatic
        let next = VariableMeasurement(vendor: logged.vendor, name: logged.name, value: automatic)
        try add(7, event.type, hashing: next.bytes, .contents("shim, section .sbatlevel"), "SbatLevel")
    }

    private func date(of level: [UInt8]) -> UInt64? {
        do throws(EFIError) { return UInt64(try SBATLevel(parsing: level).date) } catch { return nil }
    }

    /// The lists of owner and vendor in PCR 14: unchanged, or proved by what they are made of.
    private mutating func predictList(
        _ event: Event, _ name: String, _ contents: ShimContents, _ isSame: Bool
    ) throws(PredictionError) {
        let made: [UInt8]? =
            switch name {
            case "MokList": contents.allowedLists
            case "MokListX": contents.forbiddenLists
            // One byte: firmware's db counts beside the owner's list, unless the owner has said otherwise.
            case "MokListTrusted": [1]
            default: nil
            }
        guard !isSame else {
            if let made, try isDigest(of: made, event) { lists.append((name, made)) }
            return keep(event)
        }
        guard let made, !made.isEmpty else {
            return gap([14], name, "shim has changed since \(history.name)")
        }
        lists.append((name, made))
        if try isDigest(of: made, event) { return keep(event) }
        // A machine that never booted has no owner's keys, so shim's own are all.
        guard history.template != nil else {
            return gap([14], name, "shim's own list has changed, and the owner's part of it is not known")
        }
        let data = Array(history.log.data(of: event))
        try add(14, event.type, hashing: made, .contents("shim, section .vendor_cert"), name, data: data)
    }
}
