internal import SNPABI

/// The two save areas that a guest without an SVSM begins with: of its first virtual CPU, and of all others.
struct SaveAreas {
    let boot: VMSA
    let other: VMSA

    init(_ configuration: LaunchConfiguration, features: SEVFeatures) throws(LaunchError) {
        let entry = try formatting { () throws(SNPFormatError) in try configuration.firmware.resetBlock }
        guard let entry, entry != 0 || configuration.processorCount == 1 else { throw .noResetBlock }
        let (monitor, processor) = (configuration.monitor, configuration.processor)
        boot = VMSA.atReset(monitor, entry: VMSA.bootEntry, processor: processor, features: features)
        other = VMSA.atReset(monitor, entry: entry, processor: processor, features: features)
    }
}
