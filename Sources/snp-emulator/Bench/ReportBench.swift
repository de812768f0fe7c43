internal import Cryptography
internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator
internal import SecureProcessor

/// Reports, from the guest's request to the answer that it has decrypted.
enum ReportBench {
    /// Beside one signature over as many bytes, and beside what the library itself says that one takes.
    static func roundTrip() throws(CommandFailure) -> [Measurement] {
        let guest = try launch()
        let driver = SEVGuestDriver(
            channel: guest.seat(certificates: CertificateTable([]), attack: nil), key: guest.messageKey(0), vmpck: 0)
        let message = GuestMessage(
            .reportRequest, version: 1, payload: [UInt8](repeating: 0, count: ReportRequest.byteCount),
            largestAnswer: ReportResponse.kernelByteCount)
        let rate = try Measurement.rate(1) { () throws(CommandFailure) in
            var isAnswered = false
            driver.send(message) { if case .success = $0.answer { isAnswered = true } }
            guard isAnswered else { throw CommandFailure(.internalFault, area: "bench", "the AMD-SP gave no report") }
        }
        let limits = [
            ("P-384 signature", try signatures()),
            ("openssl speed ecdsap384", try OpenSSLSpeed.rate("ecdsap384", prefix: "+F4:", field: 3)),
        ]
        return limits.map { Measurement(name: "report round trip", value: rate, unit: "reports/s", limit: $0) }
    }

    private static func launch() throws(CommandFailure) -> LaunchedGuest {
        let failure = CommandFailure(.internalFault, area: "bench", "no guest can be launched")
        let chip: Chip
        do throws(CryptographyError) { chip = try Chip.generate(.milan) } catch { throw failure }
        let processor = SecureProcessor(chip: chip, platform: PlatformState(.milan))
        let secrets: LaunchPages
        do throws(SNPFormatError) { secrets = try LaunchPages(.secrets, at: 0x80D000, pageCount: 1) } catch {
            throw failure
        }
        do throws(FirmwareStatus) {
            return try LaunchedGuest(
                on: processor, [secrets], policy: GuestPolicy(rawValue: 0x30000), finish: LaunchFinish())
        } catch { throw failure }
    }

    private static func signatures() throws(CommandFailure) -> Int64 {
        do throws(CryptographyError) {
            let key = try P384SigningKey.derive(from: Random.secret(count: P384SigningKey.seedByteCount))
            let message = [UInt8](repeating: 0x5A, count: 0x2A0)
            return try Measurement.rate(1) { () throws(CryptographyError) in _ = try key.sign(message) }
        } catch { throw CommandFailure(.internalFault, area: "bench", error.description) }
    }
}
