import BoundedBytes
import EmulatorLink
import Foundation
import GuestKernel
import SNPABI
import SNPEmulator
import Secrets
import SecureProcessor
import TestSupport

/// The host of a virtual machine: a launched guest, and the ends of its two ports.
final class MachineHost: @unchecked Sendable {
    /// 4096 bytes.
    let secretsPage: [UInt8]
    private let svsm: SVSMModel?
    let processorPort: HostEnd
    let servicePort: HostEnd

    /// - Parameters:
    ///   - certificates: the host's table.
    ///   - folder: of the state of the SVSM's TPM; nil where no SVSM runs.
    ///   - tamper: what becomes of a request and of its answer on the way; nil for no answer, and a closed port.
    init(
        certificates: [UInt8] = [], svsm folder: String? = nil,
        tampering tamper: @escaping @Sendable (Direction, [UInt8]) -> [UInt8]? = { $1 }
    ) throws {
        let seed = SecretBytes(count: Chip.seedByteCount) { for index in $0.indices { $0[index] = 7 } }
        guard let chip = Chip(.milan, identifier: [UInt8](repeating: 7, count: 64), seed: seed) else {
            throw CommandFailure(description: "no chip")
        }
        let processor = SecureProcessor(chip: chip, platform: PlatformState(.milan))
        let handle = try processor.createContext()
        try processor.launchStart(handle, LaunchStart(policy: GuestPolicy(rawValue: 0x30000)))
        try processor.activate(handle, asid: 1)
        secretsPage = try processor.launchUpdate(handle, try LaunchPages(.secrets, at: 0x80D000, pageCount: 1))
        try processor.launchFinish(handle, LaunchFinish())
        let seat = HypervisorSeat(certificates: certificates) { (page: [UInt8]) throws(FirmwareStatus) in
            try processor.guestRequest(handle, page)
        }
        let key = Array(secretsPage[0x20..<0x40])
        svsm = try folder.map { try SVSMModel(channel: seat, key: key, folder: $0) }
        let host = Served(seat: seat, services: svsm)
        processorPort = try HostEnd { body in
            guard let request = tamper(.request, body), let answer = tamper(.answer, host.processor(request)) else {
                return .close
            }
            return .body(answer)
        }
        servicePort = try HostEnd { .body(host.service($0)) }
    }

    deinit { svsm?.close() }

    enum Direction { case request, answer }

    /// VMPCK of that level, as it lies in the secrets page.
    func key(_ level: Int) -> [UInt8] { Array(secretsPage[0x20 + 32 * level..<0x40 + 32 * level]) }

    private struct Served: @unchecked Sendable {
        let seat: HypervisorSeat
        let services: SVSMModel?
        /// Each port has a thread.
        let lock = NSLock()

        func processor(_ body: [UInt8]) -> [UInt8] {
            lock.lock()
            defer { lock.unlock() }
            guard let message = try? GuestRequestMessage(parsing: body) else { return [] }
            let answer =
                message.certificatePages.map { seat.exchange(message.page, certificatePages: $0) }
                ?? ExtendedAnswer(seat.exchange(message.page))
            switch answer.answer {
            case .response(let page):
                return GuestRequestAnswer(
                    page: page, certificates: answer.certificates, pagesNeeded: answer.pagesNeeded
                ).encoded()
            case .failure(let information):
                return GuestRequestAnswer(
                    exitInformation: information.rawValue, certificates: answer.certificates,
                    pagesNeeded: answer.pagesNeeded
                ).encoded()
            }
        }

        func service(_ body: [UInt8]) -> [UInt8] {
            lock.lock()
            defer { lock.unlock() }
            guard let message = try? ServiceMessage(parsing: body),
                let evidence = services?.attest(
                    nonce: message.nonce, service: message.service, manifestVersion: message.manifestVersion)
            else { return ServiceAnswer.refused.encoded() }
            return ServiceAnswer.evidence(
                report: evidence.report, manifest: evidence.manifest, certificates: evidence.certificates
            ).encoded()
        }
    }
}
