internal import InitramfsRuntime

/// The steps of the unlock in their order, each with its outcome and its time.
public struct StepLog: Sendable {
    /// One step, as `status.json` shows it.
    public struct Entry: Sendable {
        public let name: Step
        public fileprivate(set) var outcome: Outcome
        public let milliseconds: Int64
    }

    public enum Outcome: String, Sendable {
        case passed = "ok"
        /// It did not pass, and the configuration says to go on.
        case warned = "warning"
        case failed
    }

    /// Source: architecture, section 2.
    public enum Step: String, Sendable {
        case configure, prepare
        case copyHeader = "copy-header"
        case findKey = "find-key"
        case checkBoot = "check-boot"
        case attest, unseal, authenticate, open, fence
        /// After a failure only, behind the fence.
        case recover, record
    }

    public private(set) var entries: [Entry] = []

    /// Runs `body` as the step `name` and notes how it ended.
    mutating func run<Value: ~Copyable>(
        _ name: Step, _ body: () throws(UnlockFailure) -> Value
    ) throws(UnlockFailure) -> Value {
        let start = MonotonicClock.milliseconds
        do throws(UnlockFailure) {
            let value = try body()
            entries.append(Entry(name: name, outcome: .passed, milliseconds: MonotonicClock.milliseconds - start))
            return value
        } catch {
            entries.append(Entry(name: name, outcome: .failed, milliseconds: MonotonicClock.milliseconds - start))
            throw error
        }
    }

    /// The last step ended, but not well.
    mutating func amend(_ outcome: Outcome) {
        guard !entries.isEmpty else { return }
        entries[entries.count - 1].outcome = outcome
    }
}
