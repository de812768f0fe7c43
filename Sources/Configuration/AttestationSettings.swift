/// Who shows that the TPM is the one inside this guest, and what the owner demands of the guest.
public struct AttestationSettings: Equatable, Sendable {
    /// Who vouches for the TPM.
    public enum Provider: String, Sendable, CaseIterable {
        /// An SVSM in VMPL 0, by a report on its services.
        case svsm
        /// Azure's paravisor, by a report in the TPM.
        case azureHCL = "azure-hcl"
        /// The platform, by a certificate of the TPM's endorsement key.
        case ekCertificate = "ek-cert"
    }

    /// When the boot attests.
    enum Choice: String, CaseIterable {
        /// As soon as there is a provider.
        case auto
        /// A configuration without a provider is a mistake.
        case required
        case off
    }

    public static let defaultPolicyPath = "/etc/sealroot/attestation.json"

    public let provider: Provider
    /// Path of the owner's policy, which lies in the initramfs.
    public let policyPath: String

    /// Nil where the boot does not attest.
    static func read(_ fields: inout ConfigurationFields) throws(ConfigurationError) -> AttestationSettings? {
        let choice = try fields.optional("attestation", GuestConfiguration.attestationChoice) ?? .auto
        let provider = try fields.optional("provider", GuestConfiguration.provider)
        let path = try fields.optional("attestation-policy", GuestConfiguration.absolutePath) ?? defaultPolicyPath
        guard choice != .off else { return nil }
        guard let provider else {
            guard choice != .required else { throw ConfigurationError(key: "provider", .missingKey) }
            return nil
        }
        return AttestationSettings(provider: provider, policyPath: path)
    }
}

extension GuestConfiguration {
    fileprivate static var attestationChoice: Rule<AttestationSettings.Choice> {
        ("'auto', 'required' or 'off'", { AttestationSettings.Choice(rawValue: $0) })
    }

    fileprivate static var provider: Rule<AttestationSettings.Provider> {
        ("'svsm', 'azure-hcl' or 'ek-cert'", { AttestationSettings.Provider(rawValue: $0) })
    }

    fileprivate static var absolutePath: Rule<String> { ("an absolute path", { $0.utf8.first == 0x2F ? $0 : nil }) }
}
