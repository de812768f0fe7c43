internal import BoundedBytes
internal import Configuration
internal import InitramfsRuntime
internal import LUKS
internal import LUKSHeader
internal import RecoveryKeys
internal import SealedFormat
internal import Secrets
internal import TPM

/// The way in with a key of the owner's, where the configuration has one and the failure allows it.
extension Unlock {
    /// Keys that may be typed in one boot.
    private static let tries = 3

    /// Opens the volume after `failure`, behind the fence, with a header that is read and checked anew.
    ///
    /// - Parameter record: gets the volume key once the volume is mapped.
    /// - Throws: `failure` where no recovery is configured or allowed; `.unrecovered` where it did not help.
    static func recover(
        from failure: UnlockFailure, _ configuration: GuestConfiguration, _ options: UnlockOptions,
        _ progress: inout Progress, record: (borrowing SecretBytes, LUKSHeader) throws(UnlockFailure) -> Void
    ) throws(UnlockFailure) -> UnlockReport.Result {
        guard configuration.recovery != .never, failure.allowsRecovery,
            options.isActivating || options.isRecoveringWithoutActivating
        else { throw failure }
        Console.report(
            "sealroot: " + failure.area + ": " + (failure.isRefusal ? "refused: " : "failed: ") + failure.description)
        let image = try copyHeader(configuration)
        let volume = try rethrow(as: UnlockFailure.luks) { () throws(LUKSError) in
            try LUKSVolume.open(headerAt: image.path, dataAt: configuration.device)
        }
        let key = try progress.log.run(.recover) { () throws(UnlockFailure) in
            try recoveredKey(of: volume, after: failure, configuration, options)
        }
        try checkIdentity(of: key, image.header, configuration)
        if options.isActivating {
            do throws(UnlockFailure) {
                try activate(volume, key, image.header, configuration, &progress)
                try progress.log.run(.record) { () throws(UnlockFailure) in try record(key, image.header) }
            } catch {
                // Also where there is no TPM, and nobody else to do it.
                withdraw(&progress)
                throw error
            }
        }
        progress.overcome = failure
        return .recovered
    }

    /// The TPM vouches for nothing here; the authority that the configuration pins does, where it has approved a boot of the
    /// volume with this very key.
    private static func checkIdentity(
        of key: borrowing SecretBytes, _ header: LUKSHeader, _ configuration: GuestConfiguration
    ) throws(UnlockFailure) {
        guard let expected = configuration.authorityName else {
            Console.report(
                "sealroot: volume: opened by a given key: nothing shows that " + header.uuid
                    + " is the volume that was enrolled")
            return
        }
        guard let token = try token(in: header), let written = token.authority else {
            throw .otherAuthority(expected: Hexadecimal.encode(expected), found: "nobody")
        }
        let authority = try rethrow(as: UnlockFailure.tpm) { () throws(TPMError) in
            try PolicyAuthority(publicArea: written.publicArea, reference: written.reference)
        }
        guard authority.name == expected else {
            throw .otherAuthority(expected: Hexadecimal.encode(expected), found: Hexadecimal.encode(authority.name))
        }
        let isApproved = token.policies.contains { policy in
            policy.signature.map { authority.approves(policy.digest, signature: $0) } ?? false
        }
        guard isApproved else { throw .unapproved }
        try checkName(of: key, token)
    }

    private static func recoveredKey(
        of volume: borrowing LUKSVolume, after failure: UnlockFailure, _ configuration: GuestConfiguration,
        _ options: UnlockOptions
    ) throws(UnlockFailure) -> SecretBytes {
        switch configuration.recovery {
        case .never: throw failure
        case .prompt:
            let prompt = "Recovery key or passphrase of " + configuration.mapping + " (" + configuration.device + "): "
            for left in (0..<tries).reversed() {
                let typed = try recovering(from: failure) { () throws(RecoveryError) in
                    try rethrow(as: RecoveryError.prompt) { () throws(FileError) in
                        try SecretProgram.output(of: options.askpass, [prompt])
                    }
                }
                if let key = try volumeKey(of: volume, typed) { return key }
                Console.report("sealroot: recovery: that key opens no keyslot; tries left: " + String(left))
            }
            throw .unrecovered(failure, .exhausted(tries: tries))
        case .file(let device, let path):
            let given = try recovering(from: failure) { () throws(RecoveryError) in
                try RecoveryDevice.read(device, path, timeoutSeconds: configuration.timeoutSeconds)
            }
            if let key = try volumeKey(of: volume, given) { return key }
            throw .unrecovered(failure, .wrongKey)
        }
    }

    private static func recovering<Value: ~Copyable>(
        from failure: UnlockFailure, _ body: () throws(RecoveryError) -> Value
    ) throws(UnlockFailure) -> Value {
        try rethrow(as: { (error: RecoveryError) in UnlockFailure.unrecovered(failure, error) }, body)
    }

    /// Nil where what was given opens no keyslot.
    private static func volumeKey(
        of volume: borrowing LUKSVolume, _ given: consuming SecretBytes
    ) throws(UnlockFailure) -> SecretBytes? {
        let passphrase = RecoveryKey.passphrase(for: given)
        do throws(LUKSError) { return try volume.volumeKey(passphrase: passphrase) } catch {
            guard error.isWrongKey else { throw .luks(error) }
            return nil
        }
    }
}
