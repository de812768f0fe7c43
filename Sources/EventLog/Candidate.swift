internal import Cryptography

/// One way in which an event's digest may have been made.
struct Candidate {
    enum Source {
        case part(Range<Int>)
        case bytes([UInt8])
        case zeros
    }

    let rule: DigestRule
    let source: Source

    func matches(
        _ digest: ArraySlice<UInt8>, _ algorithm: DigestAlgorithm, in log: [UInt8]
    ) throws(CryptographyError) -> Bool {
        switch source {
        case .part(let range): digest == (try algorithm.hash(log[range]))[...]
        case .bytes(let bytes): digest == (try algorithm.hash(bytes))[...]
        case .zeros: digest.allSatisfy { $0 == 0 }
        }
    }
}

extension EventLog {
    /// The rules that hold for this type in this PCR with this content; none where the data do not determine it.
    func candidates(for event: Event, _ content: EventContent) -> [Candidate] {
        let whole = Candidate(rule: .eventData, source: .part(event.data))
        switch content {
        case .logHeader, .startupLocality, .referenceManifest: return [Candidate(rule: .zeros, source: .zeros)]
        case .separator(let value):
            let error = Candidate(rule: .errorSeparator, source: .bytes([1, 0, 0, 0]))
            let isWords = LogText.ascii(data(of: event)) != nil || LogText.utf16(data(of: event)) != nil
            return value == .other ? (isWords ? [error] : []) : [whole, error]
        case .action, .firmwareVersion, .partitionTable, .tag, .systemdCommandLine: return [whole]
        case .variable(let variable): return candidates(for: event, variable, whole)
        case .grubText(let prefix, let text):
            return prefix.hashesNUL
                ? [Candidate(rule: .grubTextAndNUL, source: .part(text.lowerBound..<text.upperBound + 1))]
                : [Candidate(rule: .grubText, source: .part(text))]
        case .systemdSection(let name): return [Candidate(rule: .sectionName, source: .bytes(Array(name.utf8) + [0]))]
        default:
            // Windows closes BitLocker's PCR with two of these; in other PCRs firmware hashes what it likes.
            guard event.type == .compactHash, pcrs(of: event).overlaps(PCRSet(11)) else { return noAction(event) }
            return event.data.count == 4 && !isSeparator(event) ? [whole] : []
        }
    }

    /// Whatever EV_NO_ACTION says, zeros are its digest; only Windows' records of no PCR have another.
    private func noAction(_ event: Event) -> [Candidate] {
        event.type == .noAction && event.pcr < 24 ? [Candidate(rule: .zeros, source: .zeros)] : []
    }

    private func isSeparator(_ event: Event) -> Bool { data(of: event).allSatisfy { $0 == 0 || $0 == 0xFF } }

    private func candidates(for event: Event, _ variable: VariableData, _ whole: Candidate) -> [Candidate] {
        let value = Candidate(rule: .variableValue, source: .part(variable.value))
        switch event.type {
        case .variableBoot:
            guard variable.extra > 0 else { return [value, whole] }
            let isKnown = format == .sha1Only && variable.name == "BootOrder"
            return isKnown ? [Candidate(rule: .longBootVariable, source: whole.source)] : []
        case .variableDriverConfig where format == .sha1Only:
            return [whole, Candidate(rule: .oldVariableValue, source: value.source)]
        case .variableAuthority where variable.extra == 6:
            let hashed = event.data.lowerBound..<event.data.upperBound - 1
            return [Candidate(rule: .oldShimPadding, source: .part(hashed))]
        default: return [whole]
        }
    }
}
