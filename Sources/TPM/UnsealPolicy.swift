/// What a sealed object's policy asks for, as the TPM has to be led through it: PCRs, then perhaps a counter, and then
/// perhaps an authority's approval of these.
public struct UnsealPolicy: Equatable, Sendable {
    /// PolicyNV: `counter` is at most `limit`.
    public struct CounterLimit: Equatable, Sendable {
        public let counter: RevocationCounter
        public let limit: UInt64

        public init(counter: RevocationCounter, limit: UInt64) {
            self.counter = counter
            self.limit = limit
        }
    }

    public let pcrs: PCRSelection
    public let counter: CounterLimit?
    /// Nil where the object itself carries the policy.
    public let approval: Approval?

    public init(pcrs: PCRSelection, counter: CounterLimit? = nil, approval: Approval? = nil) {
        self.pcrs = pcrs
        self.counter = counter
        self.approval = approval
    }
}
