internal import Attesting
internal import Configuration
internal import InitramfsRuntime
internal import JSON
internal import SealedFormat
internal import Sealing
internal import TPM

/// How step 5 ended.
public struct AttestationVerdict: Equatable, Sendable {
    public enum Verdict: String, Sendable {
        case accepted, refused
        /// It could not be carried out.
        case failed
    }

    /// As the configuration has it.
    public let provider: String
    public let verdict: Verdict

    /// Source: command contract, `status.json`.
    var json: JSONValue {
        .object([JSONMember("provider", .string(provider)), JSONMember("verdict", .string(verdict.rawValue))])
    }
}

/// Step 5, and what follows from it.
extension Unlock {
    /// The TPM, once `key` is known to live in the one inside this guest; nil where the configuration does not ask.
    static func attest(
        _ key: StorageKey, _ configuration: GuestConfiguration, _ options: UnlockOptions, _ tpm: borrowing TPM,
        _ progress: inout Progress
    ) throws(UnlockFailure) -> AttestedTPM? {
        guard let settings = configuration.attestation else { return nil }
        let provider = settings.provider.rawValue
        do throws(UnlockFailure) {
            let attested = try progress.log.run(.attest) { () throws(UnlockFailure) in
                try rethrow(as: UnlockFailure.attestation) { () throws(AttestingError) in
                    try Attester(settings, places: options.attestationPlaces).attest(key, tpm)
                }
            }
            progress.attestation = AttestationVerdict(provider: provider, verdict: .accepted)
            return attested
        } catch {
            progress.attestation = AttestationVerdict(
                provider: provider, verdict: error.isRefusal ? .refused : .failed)
            throw error
        }
    }

    /// Step 6. Where the TPM was attested, nothing is unsealed by another one: one that was put into its place meanwhile has
    /// not the storage key, and what it then gets wrong is told from what the right one refuses.
    static func unseal(
        _ token: SealedToken, under parent: StorageKey, _ attested: AttestedTPM?, _ configuration: GuestConfiguration,
        _ options: UnlockOptions, _ values: [PCRValue], _ tpm: borrowing TPM
    ) throws(UnlockFailure) -> SealedSecret {
        let factor = SNPSecondFactor(path: options.attestationPlaces.sevGuest)
        do throws(UnlockFailure) {
            return try Unsealing.unseal(
                token, under: attested?.storageKey ?? parent, configuration, values, factor, tpm)
        } catch {
            do throws(AttestingError) { try attested?.proveAgain(tpm) } catch let again {
                if again.exitCode == .attestationRefused { throw .attestation(again) }
            }
            throw error
        }
    }
}
