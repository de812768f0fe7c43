internal import BoundedBytes
internal import Cryptography
internal import Enrollment
internal import InitramfsRuntime
internal import InstalledSystem
internal import Prediction
internal import TPM

/// The boots that a reseal approves: what they will leave in the PCRs, as predicted from the installed files.
struct NextBoots {
    /// The present values of the PCRs that policies bind: for those that nobody predicts, since firmware settings and
    /// disks decide them.
    let present: [PCRValue]
    let bank: DigestAlgorithm
    let installed: InstalledSystem
    let history: BootHistory
    /// The initrds that a boot may have; nil where any will do.
    private var initrds: KnownInitrds?
    /// What the initrds themselves allow; nil where nobody asks them.
    private var references: NotedReferences?

    /// - Parameter eventlog: the log of the last boot; nil for the kernel's.
    init(
        of system: SystemOptions, eventlog: String?, present: PresentPCRs, initrds: KnownInitrds? = nil,
        references: NotedReferences? = nil
    ) throws(CommandFailure) {
        let source = try PredictionSource.read(system, eventlog: eventlog, template: nil)
        try self.init(of: system, after: source.history, present: present)
        self.initrds = initrds
        self.references = references
    }

    private init(of system: SystemOptions, after history: BootHistory, present: PresentPCRs) throws(CommandFailure) {
        self.present = present.values
        bank = present.bank
        self.history = history
        do throws(PredictionError) { installed = try system.open(after: history) } catch { throw CommandFailure(error) }
    }

    /// The boots of an image that lies here and boots elsewhere: every PCR that is bound must be one that is predicted.
    static func ofImage(
        _ image: String, eventlog: String?, template: String?, kernels: [String], pcrs: [Int]
    ) throws(CommandFailure) -> [ExpectedBoot] {
        if let open = pcrs.first(where: { !Prediction.pcrs.contains(UInt32($0)) }) {
            throw CommandFailure(
                code: .bootRefused, area: "predict",
                detail: "PCR \(open) is known only to the machine itself: enrol there, or leave it out of --pcrs")
        }
        var options = SystemOptions()
        options.image = image
        let source = try PredictionSource.read(options, eventlog: eventlog, template: template)
        // Nothing is taken from these: they say which PCRs are wanted.
        let zero = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.byteCount)
        let wanted = PresentPCRs(bank: .sha256, values: pcrs.map { PCRValue(index: $0, digest: zero) })
        return try NextBoots(of: options, after: source.history, present: wanted).all(kernels: kernels)
    }

    /// The default entry's boot, then that of each kernel; each once.
    func all(kernels: [String]) throws(CommandFailure) -> [ExpectedBoot] {
        try coming(kernels: kernels, withFallbacks: false).boots
    }

    /// The default entry's boot, that of each kernel that was asked for, and what somebody may choose when the default
    /// does not boot.
    func coming(kernels: [String], withFallbacks: Bool) throws(CommandFailure) -> ComingBoots {
        let usual = try predict(kernel: nil)
        var coming = ComingBoots(boots: [try boot(of: usual, asking: nil)])
        for kernel in kernels { coming.add(try boot(kernel: kernel)) }
        guard withFallbacks else { return coming }
        let installed: [InstalledKernel]
        do throws(InstalledSystemError) { installed = try self.installed.kernels() } catch {
            throw CommandFailure(PredictionError.system(error))
        }
        let versions = installed.reversed().map(\.version.description)
        for version in versions where !usual.boots(version) {
            do throws(CommandFailure) { coming.add(fallback: try boot(kernel: version)) } catch {
                coming.skipped.append(SkippedKernel(version: version, reason: error.detail))
            }
        }
        // Whoever looks for another kernel may take the same one from there. Nothing is said where it cannot be approved:
        // the default entry boots it.
        for version in versions where usual.boots(version) {
            if let boot = try? boot(of: predict(kernel: version, isInSubmenu: true), asking: version) {
                coming.add(fallback: boot)
            }
        }
        return coming
    }

    /// - Throws: 77 where a PCR that the policies bind cannot be predicted, with the event and the reason.
    func boot(kernel: String?) throws(CommandFailure) -> ExpectedBoot {
        try boot(of: predict(kernel: kernel), asking: kernel)
    }

    private func predict(kernel: String?, isInSubmenu: Bool = false) throws(CommandFailure) -> Prediction {
        do throws(PredictionError) {
            return try Prediction.make(of: installed, after: history, kernel: kernel, isInSubmenu: isInSubmenu)
        } catch { throw CommandFailure(error) }
    }

    private func boot(of prediction: Prediction, asking kernel: String?) throws(CommandFailure) -> ExpectedBoot {
        // What cannot be predicted comes first: where it is GRUB, no initrd is seen either.
        let values = try present.map { (pcr) throws(CommandFailure) in try value(pcr, prediction) }
        if let initrds { try initrds.check(prediction) }
        if let references { try references.check(prediction, after: history.log) }
        return ExpectedBoot(label: prediction.entry.last ?? kernel ?? "next boot", values: values)
    }

    private func value(_ pcr: PCRValue, _ prediction: Prediction) throws(CommandFailure) -> PCRValue {
        let index = UInt32(pcr.index)
        guard Prediction.pcrs.contains(index) else { return pcr }
        if let gap = prediction.gaps.first(where: { $0.pcrs.contains(index) }) {
            throw CommandFailure(
                code: .bootRefused, area: "predict",
                detail:
                    "PCR \(index) cannot be predicted: \(Printable.escape(gap.event)): "
                    + Printable.escape(gap.reason, limit: 256))
        }
        let digest: [UInt8]?
        do throws(CryptographyError) {
            digest = try prediction.value(of: index, bank)
        } catch {
            throw CommandFailure(code: .internalFault, area: "predict", detail: error.description)
        }
        guard let digest else {
            throw CommandFailure(
                code: .bootRefused, area: "predict",
                detail: "the event log has no \(bank.rawValue) bank, which the policies bind")
        }
        return PCRValue(index: pcr.index, digest: digest)
    }
}
