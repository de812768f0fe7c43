internal import Cryptography
public import SNPABI

/// Parameters of SNP_LAUNCH_START.
public struct LaunchStart: Sendable {
    public var policy: GuestPolicy
    /// Frequency that the guest wants its time stamp counter to have, in kHz; 0 for the platform's.
    public var desiredTSC: UInt32
    /// Guest OS visible workarounds, 16 bytes.
    public var workarounds: [UInt8]
    /// MA_EN: whether a migration agent is associated. None of them is modelled.
    public var hasMigrationAgent: Bool
    /// IMI_EN: whether the guest comes out of an incoming migration image. Not modelled either.
    public var isMigrationImage: Bool

    public init(
        policy: GuestPolicy, desiredTSC: UInt32 = 0, workarounds: [UInt8] = [UInt8](repeating: 0, count: 16),
        hasMigrationAgent: Bool = false, isMigrationImage: Bool = false
    ) {
        self.policy = policy
        self.desiredTSC = desiredTSC
        self.workarounds = workarounds
        self.hasMigrationAgent = hasMigrationAgent
        self.isMigrationImage = isMigrationImage
    }
}

extension SecureProcessor {
    /// SNP_LAUNCH_START: begins a launch, with fresh keys. The guest is in state LAUNCH then.
    ///
    /// - Throws: INVALID_GUEST_STATE unless in INIT, INVALID_PARAM for a policy that is none, POLICY_FAILURE for one that
    ///   this platform does not meet, UNSUPPORTED for migration.
    public func launchStart(_ guest: GuestHandle, _ start: LaunchStart) throws(FirmwareStatus) {
        let context = try context(guest, in: .initial)
        guard start.policy.isWellFormed, start.workarounds.count == 16 else { throw .invalidParameter }
        guard meets(start.policy) else { throw .policyFailure }
        if start.hasMigrationAgent {
            throw start.policy.has(.migrationAgent) ? .unsupported : .policyFailure
        }
        guard !start.isMigrationImage else { throw .unsupported }
        try working { () throws(CryptographyError) in
            context.messageKeys = []
            for _ in 0..<4 { context.messageKeys.append(MessageKey(try Random.secret(count: 32))) }
            context.migrationRootKey = HeldSecret(try Random.secret(count: 48))
            context.reportID = try Random.secret(count: 32).copied
        }
        context.policy = start.policy
        context.digest = LaunchDigest()
        context.launchTCB = platform.currentTCB
        context.launchMitigations = platform.mitigations
        context.desiredTSC = start.desiredTSC
        context.workarounds = start.workarounds
        context.state = .launch
    }

    /// Whether the platform is what the policy demands, and has nothing that it forbids.
    ///
    /// Source: AMD 56860, "Guest Policy".
    private func meets(_ policy: GuestPolicy) -> Bool {
        let version = (platform.currentFirmware.major, platform.currentFirmware.minor)
        guard version >= (policy.minimumABIMajor, policy.minimumABIMinor) else { return false }
        if platform.information.has(.smt), !policy.has(.smt) { return false }
        if policy.has(.singleSocket), platform.socketCount > 1 { return false }
        // Milan encrypts with 128 bits only.
        if policy.has(.aes256XTS), platform.generation == .milan { return false }
        if policy.has(.raplDisabled), !platform.information.has(.raplDisabled) { return false }
        return !policy.has(.ciphertextHiding) || platform.information.has(.ciphertextHiding)
    }

    /// Runs what should not fail; where it does, the hardware is broken.
    func working<Value: ~Copyable>(
        _ body: () throws(CryptographyError) -> Value
    ) throws(FirmwareStatus) -> Value {
        do throws(CryptographyError) { return try body() } catch { throw .hardwareErrorPlatform }
    }
}
