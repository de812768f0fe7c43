import BoundedBytes
import EventLog
import TestSupport
import Testing

/// Digest truth on real logs, and on what an enemy makes of them.
@Suite(.enabled(if: SharedData.isPresent)) struct ConsistencyTests {
    /// The types of which the data can determine the digest.
    private static let derivable: [EventType] = [
        .separator, .action, .eventTag, .crtmVersion, .compactHash, .ipl, .variableDriverConfig, .variableBoot,
        .variableBoot2, .gpt, .efiAction, .variableAuthority, .noAction,
    ]

    @Test(arguments: SampleLogs.names) func findsNothingWrongInARealLog(_ name: String) throws {
        let log = try SampleLogs.log(name)
        for (event, verdict) in zip(log.events, try log.consistencies()) {
            if case .inconsistent(let discrepancy) = verdict {
                Issue.record("event \(event.index), \(event.type) in PCR \(event.pcr): \(discrepancy.description)")
            }
        }
    }

    @Test(arguments: SampleLogs.names) func seesAFlippedBitInEveryDigestOfEveryBank(_ name: String) throws {
        let log = try SampleLogs.log(name)
        let verdicts = try log.consistencies()
        for bank in log.banks {
            var bytes = log.bytes
            var flipped: Set<Int> = []
            for event in log.events {
                guard let digest = log.digest(of: event, in: bank) else { continue }
                bytes[digest.startIndex + event.index % digest.count] ^= 0x10
                flipped.insert(event.index)
            }
            let spoilt = try EventLog(parsing: bytes).consistencies()
            for (index, verdict) in verdicts.enumerated() where flipped.contains(index) {
                guard case .consistent = verdict else { continue }
                #expect(spoilt[index] == .inconsistent(.digest(banks: [bank.name])), "event \(index)")
            }
        }
    }

    @Test(arguments: SampleLogs.names) func seesAFlippedBitInTheDataOfEveryConsistentEvent(_ name: String) throws {
        let log = try SampleLogs.log(name)
        let verdicts = try log.consistencies()
        var bytes = log.bytes
        for event in log.events.dropFirst() where !event.data.isEmpty { bytes[event.data.upperBound - 1] ^= 0x20 }
        let spoilt = try EventLog(parsing: bytes).consistencies()
        for (event, verdict) in zip(log.events, verdicts).dropFirst() where !event.data.isEmpty {
            switch verdict {
            // GRUB's NUL and the last byte of old shims are not hashed, and EV_NO_ACTION's data are not.
            case .consistent(.zeros): break
            case .consistent:
                if case .consistent(let rule) = spoilt[event.index], rule != .oldShimPadding {
                    Issue.record("event \(event.index), \(event.type): still consistent by \(rule)")
                }
            case .inconsistent, .notDerivable: break
            }
        }
    }

    @Test(arguments: SampleLogs.names) func noEventPassesUnderAnotherType(_ name: String) throws {
        let log = try SampleLogs.log(name)
        for type in Self.derivable {
            var bytes = log.bytes
            let relabelled = log.events.dropFirst().filter { $0.type != type && $0.pcr != Event.unboundPCR }
            for event in relabelled {
                for index in 0..<4 {
                    bytes[event.offset + 4 + index] = UInt8(truncatingIfNeeded: type.rawValue >> UInt32(8 * index))
                }
            }
            let spoilt = try EventLog(parsing: bytes).consistencies()
            for event in relabelled {
                guard case .consistent(let rule) = spoilt[event.index] else { continue }
                // These two types say the same of the same variable, where the firmware hashes the whole structure.
                let isSameKind = event.type == .variableBoot && type == .variableBoot2
                #expect(
                    isSameKind && rule == .eventData,
                    "event \(event.index) in PCR \(event.pcr): \(event.type) passes as \(type) by \(rule)")
            }
        }
    }

    @Test func countsTheExceptionsThatTheNotesName() throws {
        var counts: [DigestRule: Int] = [:]
        for name in SampleLogs.names {
            for case .consistent(let rule) in try SampleLogs.log(name).consistencies() { counts[rule, default: 0] += 1 }
        }
        // Counted over the same files by a Python program of its own.
        #expect(counts[.oldShimPadding] == 7)
        #expect(counts[.oldVariableValue] == 5)
        #expect(counts[.longBootVariable] == 3)
        #expect(counts[.variableValue] == 137)
        #expect(counts[.grubText] == 673)
        #expect(counts[.grubTextAndNUL] == 38)
        #expect(counts[.errorSeparator] == nil)
    }
}
