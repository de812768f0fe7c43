internal import Cryptography
internal import InitramfsRuntime
internal import TPM

/// What is done to the revocation counter, each time by the authority's approval.
enum CounterSteps {
    /// Where `auto` looks for a free index. Free of those that TCG and known programs use (architecture, peers).
    static let indices: ClosedRange<UInt32> = 0x0180_5EA0...0x0180_5EAF

    /// Defines a counter and counts once, so that it can be read; returns its value.
    static func define(
        at choice: CounterChoice, for authority: PolicyAuthority, by key: borrowing SigningKey, over parent: StorageKey,
        _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> (RevocationCounter, value: UInt64)? {
        let handle: UInt32
        switch choice {
        case .absent: return nil
        case .handle(let index): handle = index
        case .automatic:
            let free = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
                try tpm.firstFreeHandle(in: indices)
            }
            guard let free else { throw .noFreeIndex }
            handle = free
        }
        let counter = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            let counter = try RevocationCounter(handle: handle, authority: authority)
            try tpm.defineCounter(counter)
            return counter
        }
        do throws(EnrollmentError) {
            return (counter, try step(counter, from: nil, by: key, over: parent, tpm))
        } catch {
            try? tpm.undefineCounter(counter)
            throw error
        }
    }

    /// Moves the counter on by one; returns its new value.
    @discardableResult
    static func step(
        _ counter: RevocationCounter, from value: UInt64?, by key: borrowing SigningKey, over parent: StorageKey,
        _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> UInt64 {
        let message = try message(counter, value)
        let signature = try hashing { () throws(CryptographyError) in
            try key.sign(message)
        }
        return try step(counter, from: value, signature: signature, over: parent, tpm)
    }

    /// As above, where the signature was made elsewhere.
    static func step(
        _ counter: RevocationCounter, from value: UInt64?, signature: [UInt8], over parent: StorageKey,
        _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> UInt64 {
        guard let key = counter.authority.key, key.isValid(signature, for: try message(counter, value)) else {
            throw .approvalInvalid
        }
        return try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try tpm.stepCounter(counter, from: value, signature: signature, under: parent)
        }
    }

    static func message(_ counter: RevocationCounter, _ value: UInt64?) throws(EnrollmentError) -> [UInt8] {
        try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            counter.authority.message(approving: try PolicyDigest.step(of: counter, from: value))
        }
    }

    /// The value, by an answer that only the TPM with `parent` can give.
    static func value(
        of counter: RevocationCounter, over parent: StorageKey, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> UInt64 {
        guard let value = try present(counter, over: parent, tpm) else {
            throw .counter(.unwritten, handle: counter.handle)
        }
        return value
    }

    /// As above; nil before its first step.
    static func present(
        _ counter: RevocationCounter, over parent: StorageKey, _ tpm: borrowing TPM
    ) throws(EnrollmentError) -> UInt64? {
        let state = try rethrow(as: EnrollmentError.tpm) { () throws(TPMError) in
            try tpm.counterState(of: counter, under: parent)
        }
        switch state {
        case .value(let value): return value
        case .unwritten: return nil
        case .missing, .foreign: throw .counter(state, handle: counter.handle)
        }
    }
}

/// Which NV index counts the revocations.
public enum CounterChoice: Equatable, Sendable {
    /// The first free one of a range of ours.
    case automatic
    /// None: an old token restored to the disk still opens, as long as the machine boots what it approves.
    case absent
    case handle(UInt32)
}

extension CounterState {
    /// It is the authority's own, stepped or not.
    var isOurs: Bool {
        switch self {
        case .unwritten, .value: true
        case .missing, .foreign: false
        }
    }

    /// In words, behind "is".
    var text: String {
        switch self {
        case .missing: "not there"
        case .foreign: "another NV index, which the authority did not make"
        case .unwritten:
            "not counting yet: the authority has to approve its first step, see 'sealroot policy digest --step'"
        case .value(let value): "at " + String(value)
        }
    }
}
