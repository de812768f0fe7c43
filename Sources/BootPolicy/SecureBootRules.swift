internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog

/// The state and the keys of Secure Boot, in the firmware and in shim.
extension BootCheck {
    func secureBootVerdict() throws(CryptographyError) -> ComponentVerdict {
        if let refusal = try secureBootRefusal() { return ComponentVerdict(.secureBoot, refusal: refusal) }
        let names = reference.variables.map { $0.name }
        let subject = names.isEmpty ? "on, keys not pinned" : "on, pinned: " + names.joined(separator: " ")
        return ComponentVerdict(.secureBoot, subject)
    }

    /// Source: TCG PC Client Platform Firmware Profile 1.06, section 3.3.4.8: each variable is measured once.
    private func secureBootRefusal() throws(CryptographyError) -> Refusal? {
        let configuration = variables(.variableDriverConfig)
        guard let state = configuration.first(where: { $0.name == "SecureBoot" }) else {
            return .missingVariable("SecureBoot")
        }
        guard value(state) == [1] else { return .secureBootOff }
        if let audit = configuration.first(where: { $0.name == "AuditMode" }), value(audit) != [0] {
            return .secureBootOff
        }
        for name in ["SecureBoot", "AuditMode"] + Reference.pinnable {
            guard configuration.count(where: { $0.name == name }) <= 1 else { return .doubledVariable(name) }
        }
        for pinned in reference.variables {
            guard let variable = configuration.first(where: { $0.name == pinned.name }) else {
                return .missingVariable(pinned.name)
            }
            let found = try DigestAlgorithm.sha256.hash(value(variable))
            guard found == pinned.digest else {
                return .otherVariable(pinned.name, expected: pinned.digest, found: found)
            }
        }
        return nil
    }

    /// The generations that shim demands of what it starts.
    func sbatVerdict() -> ComponentVerdict {
        let measured = variables(.variableAuthority).last { $0.vendor == .shim && $0.name == "SbatLevel" }
        guard let measured else {
            return ComponentVerdict(.sbat, "not pinned", refusal: reference.sbat.isEmpty ? nil : .noSBATLevel)
        }
        guard let level = try? SBATLevel(parsing: Array(value(measured))) else {
            return ComponentVerdict(.sbat, refusal: .noSBATLevel)
        }
        for required in reference.sbat {
            let found = level.requirements.first { $0.component == required.component }?.generation
            guard let found, found >= required.generation else {
                let refusal = Refusal.lowSBATLevel(
                    component: required.component, found: found, required: required.generation)
                return ComponentVerdict(.sbat, level.date, refusal: refusal)
            }
        }
        return ComponentVerdict(.sbat, reference.sbat.isEmpty ? level.date + ", not pinned" : level.date)
    }

    /// The keys that shim trusts besides its own, in PCR 14. Source: shim, `MokVars.txt`.
    func mokVerdict() throws(CryptographyError) -> ComponentVerdict {
        let subject = reference.mok == nil ? "not pinned" : "pinned"
        let refusal = try mokRefusal()
        return ComponentVerdict(.mok, refusal == nil ? subject : "", refusal: refusal)
    }

    private func mokRefusal() throws(CryptographyError) -> Refusal? {
        let off = try DigestAlgorithm.sha256.hash([1])
        var found: [Reference.Pinned] = []
        for event in events(in: 14) {
            guard case .shimVariable(let name) = log.content(of: event) else { continue }
            let digest = digest(of: event)
            if name == "MokSBState", digest == off { return .validationOff }
            guard !found.contains(where: { $0.name == name }) else { return .doubledVariable(name) }
            found.append(Reference.Pinned(name: name, digest: digest))
        }
        for state in variables(.variableAuthority) where state.vendor == .shim && state.name == "MokSBState" {
            guard value(state) != [1] else { return .validationOff }
        }
        guard let mok = reference.mok else { return nil }
        for pinned in mok {
            guard let digest = found.first(where: { $0.name == pinned.name })?.digest else {
                return .missingVariable(pinned.name)
            }
            guard digest == pinned.digest else {
                return .otherVariable(pinned.name, expected: pinned.digest, found: digest)
            }
        }
        // A list that shim did not have when the reference was made may hold any key.
        let extra = found.first { variable in !mok.contains { $0.name == variable.name } }
        return extra.map { .otherVariable($0.name, expected: [], found: $0.digest) }
    }

    /// The variables of PCR 7 under that type, in their order.
    private func variables(_ type: EventType) -> [VariableData] {
        events(in: 7).compactMap { event in
            guard event.type == type, case .variable(let variable) = log.content(of: event) else { return nil }
            return variable
        }
    }

    private func value(_ variable: VariableData) -> ArraySlice<UInt8> { log.bytes[variable.value] }
}
