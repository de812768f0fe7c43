internal import BoundedBytes
internal import Enrollment
internal import InitramfsRuntime
internal import JSON

/// What a token holds after a change of its policies.
struct ResealReport {
    private let result: Resealing.Result
    private let skipped: [SkippedKernel]
    /// Whether the next boot unlocks now; nil where nobody asked.
    private let status: VolumeStatus?

    init(_ result: Resealing.Result, skipped: [SkippedKernel] = [], status: VolumeStatus? = nil) {
        self.result = result
        self.skipped = skipped
        self.status = status
    }

    func print(json: Bool) {
        if let status, !status.willUnlock {
            for obstacle in status.obstacles {
                Console.report("sealroot: " + obstacle.area + ": boot-refused: " + obstacle.shownDetail)
            }
        }
        guard json else {
            for label in result.added { Console.print("approved: " + Printable.escape(label)) }
            for label in result.dropped { Console.print("dropped: " + Printable.escape(label)) }
            if result.added.isEmpty && result.dropped.isEmpty { Console.print("the policies are as they were") }
            if let count = result.count { Console.print("revocation counter: " + String(count)) }
            for kernel in skipped {
                Console.print(
                    "not approved: kernel " + Printable.escape(kernel.version) + ": "
                        + Printable.escape(kernel.reason, limit: 4096))
            }
            return
        }
        func list(_ labels: [String]) -> JSONValue { .array(labels.map { .string($0) }) }
        let object = JSONValue.object([
            JSONMember("policies", list(result.policies)), JSONMember("added", list(result.added)),
            JSONMember("dropped", list(result.dropped)),
            JSONMember("count", result.count.map { .integer(Int64(clamping: $0)) } ?? .null),
            JSONMember(
                "skipped",
                .array(
                    skipped.map {
                        .object([JSONMember("kernel", .string($0.version)), JSONMember("detail", .string($0.reason))])
                    })),
            JSONMember("will_unlock", status.map { .bool($0.willUnlock) } ?? .null),
        ])
        Console.print(object.compact)
    }
}
