internal import Configuration
internal import Cryptography
internal import InitramfsRuntime
internal import LUKSHeader
internal import MeasurementLog
internal import Secrets
internal import TPM

/// The record of which volume was opened, for whoever attests the running system.
///
/// Source: systemd 252 and later, systemd-cryptsetup's `tpm2-measure-pcr=`: PCR 15 is extended, in each bank,
/// with HMAC(volume key, "cryptsetup:<mapping>:<UUID>") by the bank's own hash. A mapping name of ours has no
/// colon that systemd would escape.
enum VolumeRecord {
    private static let pcr = 15

    /// Extends PCR 15, over a session with `storageKey` where that is known.
    static func measure(
        _ key: borrowing SecretBytes, _ header: LUKSHeader, _ configuration: GuestConfiguration,
        over storageKey: StorageKey?, _ tpm: borrowing TPM, log path: String
    ) throws(UnlockFailure) {
        let record = try measurement(of: key, header, configuration, tpm)
        do throws(TPMError) {
            try OpenMeasurementLog.extend(record, of: tpm, over: storageKey, log: path)
        } catch { throw .tpm(error) }
    }

    static func measurement(
        of key: borrowing SecretBytes, _ header: LUKSHeader, _ configuration: GuestConfiguration,
        _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> LoggedMeasurement {
        let banks = try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in try tpm.activeBanks() }
        let text = "cryptsetup:" + configuration.mapping + ":" + header.uuid
        let bytes = Array(text.utf8)
        var digests: [BankDigest] = []
        for bank in banks {
            do throws(CryptographyError) {
                let code = try MessageAuthentication.hmac(bank, bytes.span, key: key)
                digests.append(BankDigest(bank: bank, digest: code))
            } catch { throw .cryptography(error) }
        }
        return LoggedMeasurement(
            measurement: Measurement(pcr: pcr, digests: digests), text: text, eventType: .volumeKey)
    }
}
