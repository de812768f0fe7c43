internal import Cryptography
internal import InitramfsRuntime
internal import SNPABI

/// The launch digest.
enum LaunchBench {
    /// A firmware of 4 MiB, page by page, beside SHA-384 over the same bytes at once.
    static func digest() throws(CommandFailure) -> [Measurement] {
        let firmware = (0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let start = UInt64(1 << 32) - UInt64(firmware.count)
        let pages: LaunchPages
        do throws(SNPFormatError) { pages = try LaunchPages(.normal, at: start, firmware) } catch {
            throw CommandFailure(.internalFault, area: "bench", error.description)
        }
        do throws(CryptographyError) {
            let rate = try Measurement.rate(firmware.count) { () throws(CryptographyError) in
                var digest = LaunchDigest()
                try digest.update(pages)
            }
            let limit = try Measurement.rate(firmware.count) { () throws(CryptographyError) in
                _ = try DigestAlgorithm.sha384.hash(firmware)
            }
            return [
                Measurement(
                    name: "launch digest of a 4 MiB firmware", value: rate, unit: "bytes/s", limit: ("SHA-384", limit))
            ]
        } catch { throw CommandFailure(.internalFault, area: "bench", error.description) }
    }
}
