internal import Synchronization

/// What a cheating host does between a guest and its TPM.
public enum TPMAttack: String, CaseIterable, Sendable {
    case other = "other-tpm"
    case swap = "swap-tpm"

    /// One line: what the host does.
    public var summary: String {
        switch self {
        case .other: "puts the TPM of another guest in the place of the guest's own"
        case .swap: "does so as soon as the guest's own TPM has proved itself"
        }
    }

    /// One line: what must come of it.
    public var outcome: String {
        switch self {
        case .other: "the unlock ends with 77: the volume's key is not in that TPM"
        case .swap: "the unlock ends with 76: this is not the TPM that was vouched for"
        }
    }
}

/// The seat where it does so.
public final class TPMSeat: Sendable {
    private let own: TPMServer.Transport
    private let other: TPMServer.Transport
    private let isSwapped: Mutex<Bool>

    /// TPM2_Create and TPM2_Certify: with one of them a TPM proves that it has both keys. Source: TPM 2.0 Library, part 2,
    /// table "TPM_CC".
    private static let proofs: [[UInt8]] = [[0, 0, 0x01, 0x53], [0, 0, 0x01, 0x48]]

    public init(_ own: @escaping TPMServer.Transport, _ attack: TPMAttack, other: @escaping TPMServer.Transport) {
        self.own = own
        self.other = other
        isSwapped = Mutex(attack == .other)
    }

    public func answer(_ command: [UInt8]) -> [UInt8]? {
        let chosen = isSwapped.withLock { isSwapped in
            defer { if command.count >= 10, Self.proofs.contains(Array(command[6..<10])) { isSwapped = true } }
            return isSwapped ? other : own
        }
        return chosen(command)
    }
}
