internal import InitramfsRuntime

/// The steps of the unlock in their order, each with its outcome and its time.
public struct StepLog: Sendable {
    /// One step, as `status.json` shows it.
    public struct Entry: Sendable {
        public let name: Step
        public let isPassed: Bool
        public let milliseconds: Int64
    }

    /// Source: architecture, section 2. Steps 4 and 5 come with their modules.
    public enum Step: String, Sendable {
        case configure, prepare
        case copyHeader = "copy-header"
        case findKey = "find-key"
        case unseal, authenticate, open, fence
    }

    public private(set) var entries: [Entry] = []

    /// Runs `body` as the step `name` and notes how it ended.
    mutating func run<Value: ~Copyable>(
        _ name: Step, _ body: () throws(UnlockFailure) -> Value
    ) throws(UnlockFailure) -> Value {
        let start = MonotonicClock.milliseconds
        do throws(UnlockFailure) {
            let value = try body()
            entries.append(Entry(name: name, isPassed: true, milliseconds: MonotonicClock.milliseconds - start))
            return value
        } catch {
            entries.append(Entry(name: name, isPassed: false, milliseconds: MonotonicClock.milliseconds - start))
            throw error
        }
    }
}
