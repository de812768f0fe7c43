/// `/etc/sealroot/init.conf`: what `sealroot-init` is told. It lies in the initramfs, hence is measured.
///
/// Source: architecture, section 4.4a. Lines `key = value`; `#` starts a comment line; unknown or doubled
/// keys are refused, since a mistyped key would otherwise silently weaken a machine.
public struct GuestConfiguration: Equatable, Sendable {
    /// What happens when the volume carries no Sealroot token.
    public enum Unenrolled: String, Sendable, CaseIterable {
        case refuse
        /// Hand over to cryptroot, which prompts: for a machine before its enrolment.
        case prompt
    }

    /// What becomes of a boot whose measurements are not those that the reference allows.
    public enum BootCheck: String, Sendable, CaseIterable {
        case required
        /// Say so, and go on: the policy in the TPM decides.
        case warn
        case off
    }

    /// Where a key comes from when the TPM does not release one.
    public enum Recovery: Equatable, Sendable {
        case never
        /// Whoever is at the console, which is the host's.
        case prompt
        /// The first line of a device or, with a path, a file of the FAT file system on it.
        case file(device: String, path: String?)
    }

    /// The default of `tcti`: the raw device, since nobody else uses the TPM in an initramfs.
    public static let defaultTCTI = "device:/dev/tpm0"
    public static let defaultFencePCR = 12
    public static let defaultTimeoutSeconds = 60

    /// Path of the encrypted block device.
    public private(set) var device: String
    /// Name under `/dev/mapper`.
    public let mapping: String
    /// In the syntax of tss2-tctildr.
    public private(set) var tcti: String
    /// How long to wait for disk and TPM, in seconds.
    public let timeoutSeconds: Int
    /// TPM name of the storage key, 34 bytes; nil where the token's own word is enough.
    public let parentName: [UInt8]?
    /// TPM name of the key that approves policies, 34 bytes; nil leaves it to the token.
    public let authorityName: [UInt8]?
    /// Index of the PCR that is extended after the unlock.
    public let fencePCR: Int
    public let unenrolled: Unenrolled
    public private(set) var bootCheck: BootCheck
    public let recovery: Recovery
    /// Arguments of the kernel's command line that are refused, and accepted, besides the standard ones.
    public let deniedArguments: [String]
    public let allowedArguments: [String]
    /// Nil where the boot does not attest its TPM.
    public let attestation: AttestationSettings?

    /// - Parameter crypttab: what `/etc/crypttab` holds: the volume that it marks need not be named once more.
    public init(parsing bytes: [UInt8], crypttab: [UInt8] = []) throws(ConfigurationError) {
        var fields = try ConfigurationFields(parsing: bytes)
        let marked = try MarkedVolume.find(in: crypttab)
        device = try fields.required("device", Self.devicePath, marked: marked?.device)
        mapping = try fields.required("mapping", Self.mappingName, marked: marked?.mapping)
        tcti = try fields.optional("tcti", Self.nonEmpty) ?? Self.defaultTCTI
        timeoutSeconds = try fields.optional("timeout", Self.seconds) ?? Self.defaultTimeoutSeconds
        parentName = try fields.optional("parent-name", Self.keyName)
        authorityName = try fields.optional("authority-name", Self.keyName)
        fencePCR = try fields.optional("fence-pcr", Self.debugFreePCR) ?? Self.defaultFencePCR
        unenrolled = try fields.optional("unenrolled", Self.unenrolledChoice) ?? .refuse
        bootCheck = try fields.optional("boot-check", Self.bootCheckChoice) ?? .required
        recovery = try fields.optional("recovery", Self.recoveryChoice) ?? .never
        deniedArguments = try fields.optional("deny-arguments", Self.words) ?? []
        allowedArguments = try fields.optional("allow-arguments", Self.words) ?? []
        attestation = try AttestationSettings.read(&fields)
        try fields.finish()
    }

    /// As for a device of that path, with the default of everything else; it maps nothing.
    public init(device: String) {
        self.device = device
        mapping = ""
        tcti = Self.defaultTCTI
        timeoutSeconds = 1
        parentName = nil
        authorityName = nil
        fencePCR = Self.defaultFencePCR
        unenrolled = .refuse
        bootCheck = .off
        recovery = .never
        deniedArguments = []
        allowedArguments = []
        attestation = nil
    }

    /// The same without the check of the boot.
    public func withoutBootCheck() -> GuestConfiguration {
        var copy = self
        copy.bootCheck = .off
        return copy
    }

    /// The same with another device or TPM, as a command line may say.
    public func replacing(device: String?, tcti: String?) -> GuestConfiguration {
        var copy = self
        if let device { copy.device = device }
        if let tcti { copy.tcti = tcti }
        return copy
    }
}
