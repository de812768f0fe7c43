internal import Attesting
internal import BootPolicy
internal import Configuration
internal import Cryptography
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import SealedFormat
internal import Sealing
internal import Secrets
internal import TPM

/// Steps 3 and 6 to 8: from the disk's bytes to a mapping that is known to be the owner's.
extension Unlock {
    static func open(
        _ configuration: GuestConfiguration, _ options: UnlockOptions, _ tpm: borrowing TPM, _ progress: inout Progress
    ) throws(UnlockFailure) -> UnlockReport.Result {
        let image = try progress.log.run(.copyHeader) { () throws(UnlockFailure) in
            try copyHeader(configuration)
        }
        guard let token = try token(in: image.header) else {
            // Where an authority is named, a volume without its approval is somebody else's.
            guard configuration.unenrolled == .prompt, configuration.authorityName == nil else { throw .notEnrolled }
            // Whoever types the passphrase decides; without it nobody could ever enrol a machine that boots otherwise.
            _ = try checkBoot(nil, configuration, options, tpm, isBinding: false, &progress)
            return .unenrolled
        }
        let parent = try progress.log.run(.findKey) { () throws(UnlockFailure) in
            try Unsealing.storageKey(token, configuration, tpm)
        }
        progress.storageKey = parent
        let values = try checkBoot(
            token, configuration, options, tpm, isBinding: configuration.bootCheck == .required, &progress)
        let attested = try attest(parent, configuration, options, tpm, &progress)
        let secret = try progress.log.run(.unseal) { () throws(UnlockFailure) in
            try unseal(token, under: parent, attested, configuration, options, values, tpm)
        }
        let volume = try rethrow(as: UnlockFailure.luks) { () throws(LUKSError) in
            try LUKSVolume.open(headerAt: image.path, dataAt: configuration.device)
        }
        let key = try progress.log.run(.authenticate) { () throws(UnlockFailure) in
            try authenticate(image.header, token, secret, volume)
        }
        guard options.isActivating else { return .verified }
        try activate(volume, key, image.header, configuration, &progress)
        progress.record = [try VolumeRecord.measurement(of: key, image.header, configuration, tpm)]
        if case .duplicate = token.object.wrapped { handOver(secret, image.header) }
        return .unlocked
    }

    /// What was sealed elsewhere is to be exchanged, which needs the secret once more.
    private static func handOver(_ secret: borrowing SealedSecret, _ header: LUKSHeader) {
        guard !Handover.leave(secret, for: header.uuid) else { return }
        Console.report("sealroot: kernel: warning: no keyring: 'sealroot reseal' will ask for a passphrase")
    }

    /// Step 4, before the TPM is asked for anything but its PCRs.
    ///
    /// - Parameters:
    ///   - token: what the volume was enrolled with; nil where it was not.
    ///   - isBinding: false says what is wrong, and goes on.
    /// - Returns: the PCRs of the SHA-256 bank; none where the configuration says not to look.
    private static func checkBoot(
        _ token: SealedToken?, _ configuration: GuestConfiguration, _ options: UnlockOptions, _ tpm: borrowing TPM,
        isBinding: Bool, _ progress: inout Progress
    ) throws(UnlockFailure) -> [PCRValue] {
        guard configuration.bootCheck != .off else { return [] }
        let key = progress.storageKey
        let examination = try progress.log.run(.checkBoot) { () throws(UnlockFailure) in
            try BootExamination.run(options.bootFiles, BootRules(configuration), over: key, tpm)
        }
        progress.session = examination.session
        progress.chain = examination.verdict?.components ?? []
        for component in progress.chain { Console.report("sealroot: boot: " + component.line) }
        guard var problem = examination.problem else { return examination.values }
        if case .noEventLog = problem, let token {
            problem = .noEventLog(ChangedPCR.changes(from: token.policies, to: examination.values))
        }
        progress.log.amend(isBinding ? .failed : .warned)
        guard !isBinding else { throw problem }
        Console.report("sealroot: " + problem.area + ": warning: " + problem.description)
        return examination.values
    }

    static func copyHeader(_ configuration: GuestConfiguration) throws(UnlockFailure) -> HeaderImage {
        let seconds = configuration.timeoutSeconds
        guard PathWaiter.wait(for: configuration.device, milliseconds: Int64(seconds) * 1000) else {
            throw .deviceMissing(configuration.device, seconds: seconds)
        }
        do throws(HeaderImageError) {
            let image = try HeaderImage.copy(of: configuration.device)
            if let torn = image.header.tornCopy { Console.report("sealroot: volume: warning: " + torn.description) }
            return image
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .header(let error): throw .header(error)
            case .cryptography(let error): throw .cryptography(error)
            }
        }
    }

    /// The one token of ours; nil where there is none.
    static func token(in header: LUKSHeader) throws(UnlockFailure) -> SealedToken? {
        let tokens = header.tokens(ofType: SealedToken.type)
        guard tokens.count <= 1 else { throw .severalTokens(tokens.count) }
        guard let token = tokens.first else { return nil }
        return try rethrow(as: UnlockFailure.token) { () throws(TokenError) in try SealedToken(token.value) }
    }

    /// The volume key, once header and key are known to be those that were enrolled.
    private static func authenticate(
        _ header: LUKSHeader, _ token: SealedToken, _ secret: borrowing SealedSecret, _ volume: borrowing LUKSVolume
    ) throws(UnlockFailure) -> SecretBytes {
        guard let canonical = header.canonical(keyslot: token.keyslot) else { throw .noSuchKeyslot(token.keyslot) }
        let mac = try rethrow(as: UnlockFailure.sealing) { () throws(SealingError) in
            try secret.headerMAC(over: canonical)
        }
        guard HeaderCheck.accepts(MessageAuthentication.areEqual(mac, token.headerMAC)) else {
            throw .headerMAC(hasSecondFactor: token.secondFactor != nil)
        }
        let passphrase = try rethrow(as: UnlockFailure.sealing) { () throws(SealingError) in
            try secret.keyslotPassphrase()
        }
        let key = try rethrow(as: UnlockFailure.luks) { () throws(LUKSError) in
            try volume.volumeKey(passphrase: passphrase, keyslot: token.keyslot)
        }
        let identity = try rethrow(as: UnlockFailure.sealing) { () throws(SealingError) in
            try secret.volumeKeyID(of: key)
        }
        guard HeaderCheck.accepts(MessageAuthentication.areEqual(identity, token.volumeKeyID)) else {
            throw .volumeKeyIdentity
        }
        try checkName(of: key, token)
        return key
    }

    /// The secret may be an attacker's own, sealed to this TPM under the true authority; the volume key cannot be.
    static func checkName(of key: borrowing SecretBytes, _ token: SealedToken) throws(UnlockFailure) {
        guard let authority = token.authority else { return }
        let name: [UInt8]
        do throws(CryptographyError) { name = try VolumeName.of(key) } catch { throw .cryptography(error) }
        guard HeaderCheck.accepts(name == authority.reference) else { throw .volumeName }
    }
}
