import SNPABI
import SNPEmulator
import Secrets
import SecureProcessor
import TestSupport

/// A launched guest on an emulated chip, and the host between both.
final class EmulatedGuest {
    let processor: SecureProcessor
    let handle: GuestHandle
    /// VMPCK0, as it lies at 0x20 of the secrets page.
    let key: [UInt8]

    /// - Parameters:
    ///   - firmware: a byte that its only measured page is full of.
    ///   - chip: two chips with different numbers are different chips.
    init(
        firmware: UInt8 = 1, policy: UInt64 = 0x30000, chip number: UInt8 = 1,
        _ change: (inout PlatformState) -> Void = { _ in }
    ) throws {
        var platform = PlatformState(.milan)
        change(&platform)
        let seed = SecretBytes(count: Chip.seedByteCount) { for index in $0.indices { $0[index] = number } }
        guard let chip = Chip(.milan, identifier: [UInt8](repeating: number, count: 64), seed: seed) else {
            throw CommandFailure(description: "no chip")
        }
        processor = SecureProcessor(chip: chip, platform: platform)
        handle = try processor.createContext()
        try processor.launchStart(handle, LaunchStart(policy: GuestPolicy(rawValue: policy)))
        try processor.activate(handle, asid: 1)
        let contents = [UInt8](repeating: firmware, count: 4096)
        try processor.launchUpdate(handle, try LaunchPages(.normal, at: 0xFFFF_F000, contents))
        let secrets = try processor.launchUpdate(handle, try LaunchPages(.secrets, at: 0x80D000, pageCount: 1))
        key = Array(secrets[0x20..<0x40])
        try processor.launchFinish(handle, LaunchFinish())
    }

    /// The host, honest or not.
    func seat(certificates: [UInt8] = [], attack: MessageAttack? = nil) -> HypervisorSeat {
        let (processor, handle) = (processor, handle)
        return HypervisorSeat(certificates: certificates, attack: attack) { (page: [UInt8]) throws(FirmwareStatus) in
            try processor.guestRequest(handle, page)
        }
    }

    /// The SVSM on this guest.
    func svsm(
        in folder: String, certificates: [UInt8] = [], attack: MessageAttack? = nil
    ) throws -> SVSMModel {
        try SVSMModel(channel: seat(certificates: certificates, attack: attack), key: key, folder: folder)
    }
}
