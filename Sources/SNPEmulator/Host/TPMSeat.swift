internal import CLinux
internal import Synchronization

/// The seat between a guest and its TPM, where a host cheats.
public final class TPMSeat: TPMTransport {
    private let own: any TPMTransport
    private let other: any TPMTransport
    private let attack: TPMAttack
    private let isSwapped: Mutex<Bool>

    /// TPM2_Create and TPM2_Certify: with one of them a TPM proves that it has both keys. Source: TPM 2.0 Library, part 2,
    /// table "TPM_CC".
    private static let proofs: [[UInt8]] = [[0, 0, 0x01, 0x53], [0, 0, 0x01, 0x48]]
    /// TPM2_Unseal, from the same table.
    private static let unseal: [UInt8] = [0, 0, 0x01, 0x5E]
    /// Where a response with sessions has the first byte of its parameters' first buffer: behind header, parameterSize
    /// and the buffer's size.
    private static let firstByte = 16
    private static let delayMicroseconds: UInt32 = 200_000

    /// - Parameter other: the other guest's TPM; the own one where `attack` needs none.
    public init(_ own: any TPMTransport, _ attack: TPMAttack, other: any TPMTransport) {
        self.own = own
        self.other = other
        self.attack = attack
        isSwapped = Mutex(attack == .other)
    }

    public func exchange(_ command: [UInt8]) throws(SVSMError) -> [UInt8] {
        let code = command.count >= 10 ? Array(command[6..<10]) : []
        switch attack {
        case .other, .swap:
            let chosen = isSwapped.withLock { isSwapped in
                defer { if Self.proofs.contains(code) { isSwapped = true } }
                return isSwapped ? other : own
            }
            return try chosen.exchange(command)
        case .flipResponse:
            var response = try own.exchange(command)
            if code == Self.unseal, response.count > Self.firstByte { response[Self.firstByte] ^= 1 }
            return response
        case .replaceResponse:
            return try code == Self.unseal ? TPMForgery.unsealed(by: command) : own.exchange(command)
        case .stripEncryption:
            return try own.exchange(code == Self.unseal ? TPMForgery.withoutEncryption(command) : command)
        case .delay:
            _ = usleep(Self.delayMicroseconds)
            return try own.exchange(command)
        }
    }
}
