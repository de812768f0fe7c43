internal import BootPolicy
internal import BoundedBytes
internal import Configuration
internal import Cryptography
internal import EventLog
internal import InitramfsRuntime
internal import Prediction
internal import Unlock

/// The reference manifests inside the initrds that this machine has made, as its hooks have noted them on the encrypted
/// root: a boot that the TPM's policy approves is refused by its own initrd all the same where that knows another shim,
/// GRUB or key of Secure Boot.
struct NotedReferences {
    /// It has a file a manifest, named for the SHA-256 of its initrd in lower-case hexadecimal, with `.json`.
    let folder: String
    let rules: ArgumentRules

    /// - Returns: nil where the boot check does not decide, so that no manifest is asked.
    init?(in folder: String, _ configuration: GuestConfiguration?) {
        guard (configuration?.bootCheck ?? .required) == .required else { return nil }
        self.folder = folder + "/references"
        rules = ArgumentRules(configuration)
    }

    /// An initrd whose manifest nobody has noted may hold any, or none.
    ///
    /// - Throws: 77 where the initrd of the predicted boot would refuse it.
    func check(_ prediction: Prediction, after last: EventLog) throws(CommandFailure) {
        guard prediction.isComplete, let bank = prediction.algorithms.firstIndex(of: .sha256) else { return }
        let log: EventLog?
        do throws(PredictionError) { log = try prediction.log(after: last) } catch { throw CommandFailure(error) }
        guard let log else { return }
        for initrd in prediction.files(loadedBy: "initrd") {
            let path = folder + "/" + Hexadecimal.encode(initrd.digests[bank]) + ".json"
            guard PathWaiter.isPresent(path) else { continue }
            let check = BootCheck(log: log, reference: try Reference.read(path), arguments: rules)
            let verdict = try hashing { () throws(CryptographyError) in try check.predictedVerdict() }
            guard let culprit = verdict.firstRefused else { continue }
            throw CommandFailure(
                code: .bootRefused, area: "reference",
                detail: Printable.escape(initrd.name) + " was made for another boot, and would refuse this one: "
                    + culprit.explanation + ": make it anew, as by 'update-initramfs -u -k all' or 'dracut --force'")
        }
    }
}
