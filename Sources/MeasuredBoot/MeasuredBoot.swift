internal import BoundedBytes
public import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem
public import Prediction

/// What the firmware, shim, GRUB and the kernel's stub measure when they boot an image: a model of real ones, for a guest
/// without a VM.
///
/// What belongs to the firmware is a template's, the log of a real one; what belongs to the disk is read from the image,
/// its signatures checked. Source: `Prediction`, whose results are compared with boots of real VMs.
public struct MeasuredBoot {
    /// One extension: a PCR, and the digest for each bank.
    public struct Extension: Equatable, Sendable {
        public let pcr: Int
        /// In the order of `MeasuredBoot.algorithms`.
        public let digests: [[UInt8]]
    }

    public let algorithms: [DigestAlgorithm]
    /// In the order of the boot.
    public let extensions: [Extension]
    /// The TCG event log, crypto-agile, as the kernel shows it.
    public let log: [UInt8]
    /// What efivarfs shows: the name of each file, and its bytes.
    public let variables: [(name: String, content: [UInt8])]

    /// Boots the raw disk image at `path`.
    ///
    /// - Throws: `.noBoot` where a program would not be started, or a measurement is not known.
    public init(image path: String, template: Template) throws(MeasuredBootError) {
        let history = BootHistory(template)
        let prediction: Prediction
        do throws(PredictionError) {
            let installed: InstalledSystem
            do throws(InstalledSystemError) {
                installed = try InstalledSystem.open(image: path, devices: history.grubDevices)
            } catch { throw PredictionError.system(error) }
            prediction = try Prediction.make(of: installed, after: history)
        } catch { throw .prediction(error) }
        if let gap = prediction.gaps.first { throw .noBoot(event: gap.event, reason: gap.reason) }
        var composer = LogComposer(template.log, prediction, disk: try MeasuredDisk(path))
        guard let first = history.programs.first else { throw .log("the firmware started no program from a disk") }
        try composer.compose(around: first)
        algorithms = prediction.algorithms
        extensions = composer.extensions
        log = composer.bytes
        variables = FirmwareSettings.files(of: template.log, lists: prediction.lists)
    }
}
