public import Cryptography

/// Whether an event's digests are those of what the event says.
public enum Consistency: Equatable, Sendable {
    /// Every digest that can be computed is right, by one and the same rule.
    case consistent(DigestRule)
    case inconsistent(Discrepancy)
    /// The digest is of something that the log does not hold, or nobody defines what it is of.
    case notDerivable

    /// The word in our JSON.
    public var word: String {
        switch self {
        case .consistent: "consistent"
        case .inconsistent: "inconsistent"
        case .notDerivable: "not-derivable"
        }
    }
}

/// What was hashed. All but the first are departures from it, each tied to its type, PCR and form.
public enum DigestRule: String, Equatable, Sendable {
    case eventData = "event-data"
    /// A variable's value without the structure around it: EV_EFI_VARIABLE_BOOT in edk2.
    case variableValue = "variable-value"
    /// As before for the configuration of Secure Boot, in logs of TPM 1.2.
    case oldVariableValue = "variable-value-tpm12"
    /// shim before 15.3: the event is 6 bytes longer than its structure, and the last of them is not hashed.
    case oldShimPadding = "old-shim-padding"
    /// BootOrder in logs of TPM 1.2, where the event goes on behind the structure and all of it is hashed.
    case longBootVariable = "long-boot-variable"
    /// A separator that reports an error, whatever its data: the number 1 in 32 bits.
    case errorSeparator = "error-separator"
    /// GRUB's text without prefix and NUL, or with the NUL.
    case grubText = "grub-text"
    case grubTextAndNUL = "grub-text-nul"
    /// systemd-stub: the section's name in ASCII with a NUL.
    case sectionName = "section-name"
    /// Zeros, as EV_NO_ACTION must have.
    case zeros
}

public enum Discrepancy: Equatable, Sendable {
    /// Events of this type are not written to this PCR.
    case placement
    /// The data have not the form that the type demands.
    case form
    /// These banks' digests are not those of the data.
    case digest(banks: [String])

    public var description: String {
        switch self {
        case .placement: "not a PCR for this type"
        case .form: "data are not of this type"
        case .digest(let banks): "digest is not that of the data: " + banks.joined(separator: ", ")
        }
    }
}

extension EventLog {
    /// One verdict an event, in their order.
    public func consistencies() throws(CryptographyError) -> [Consistency] {
        var verdicts: [Consistency] = []
        verdicts.reserveCapacity(events.count)
        var pendingSection: String?
        for event in events {
            let content = content(of: event)
            // systemd-stub writes each section twice: the first is its name, the second its contents.
            if case .systemdSection(let name) = content {
                let isContents = pendingSection == name
                pendingSection = isContents ? nil : name
                verdicts.append(isContents ? .notDerivable : try verdict(on: event, content))
            } else {
                verdicts.append(try verdict(on: event, content))
            }
        }
        return verdicts
    }

    private func verdict(on event: Event, _ content: EventContent) throws(CryptographyError) -> Consistency {
        if let placement = event.type.placement, !placement.overlaps(pcrs(of: event)) {
            return .inconsistent(.placement)
        }
        switch content {
        case .malformed, .unexpected: return .inconsistent(.form)
        case .variable(let variable) where !isExpected(variable, in: event): return .inconsistent(.form)
        default: return try compare(event, candidates(for: event, content))
        }
    }

    /// The first rule by which every digest is right, else the banks that are wrong by the rule that comes closest.
    private func compare(_ event: Event, _ candidates: [Candidate]) throws(CryptographyError) -> Consistency {
        var closest: [String]?
        for candidate in candidates {
            var wrong: [String] = []
            var computed = 0
            for bank in event.hasBareDigest ? [.sha1] : banks {
                guard let algorithm = bank.algorithm, let digest = digest(of: event, in: bank) else { continue }
                computed += 1
                if try !candidate.matches(digest, algorithm, in: bytes) { wrong.append(bank.name) }
            }
            guard computed > 0 else { return .notDerivable }
            if wrong.isEmpty { return .consistent(candidate.rule) }
            if wrong.count < closest?.count ?? .max { closest = wrong }
        }
        return closest.map { .inconsistent(.digest(banks: $0)) } ?? .notDerivable
    }
}
