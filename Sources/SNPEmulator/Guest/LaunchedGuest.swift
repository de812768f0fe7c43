public import LaunchMeasurement
public import SNPABI
public import SecureProcessor

/// A guest of the AMD-SP after its launch: what its memory was filled with, and the keys it was given.
///
/// Source: AMD 56860, SNP_LAUNCH_START to SNP_LAUNCH_FINISH, in the order in which KVM gives them.
public struct LaunchedGuest {
    private let processor: SecureProcessor
    private let handle: GuestHandle
    /// 4096 bytes.
    private let secretsPage: [UInt8]
    /// In the order of the launch, with the contents that the AMD-SP has given to them.
    private let loaded: [LaunchPages]

    public init(
        on processor: SecureProcessor, _ pages: [LaunchPages], policy: GuestPolicy, finish: LaunchFinish
    ) throws(FirmwareStatus) {
        self.processor = processor
        handle = try processor.createContext()
        try processor.launchStart(handle, LaunchStart(policy: policy))
        try processor.activate(handle, asid: 1)
        var loaded: [LaunchPages] = []
        for run in pages {
            let contents = try processor.launchUpdate(handle, run)
            loaded.append(run.type == .secrets || run.type == .cpuid ? run.filled(with: contents) : run)
        }
        self.loaded = loaded
        secretsPage = try processor.secretsPage(handle)
        try processor.launchFinish(handle, finish)
    }

    /// VMPCK of that number, 0 to 3: 32 bytes.
    public func messageKey(_ number: UInt8) -> [UInt8] {
        let start = 0x20 + Int(number) * SecretsPage.messageKeyByteCount
        return Array(secretsPage[start..<start + SecretsPage.messageKeyByteCount])
    }

    /// What was loaded into the guest's memory, in the order of the launch. Pages without contents are zeros.
    ///
    /// - Parameter hasKeys: false where firmware has taken the message keys away: it has written zeros over them.
    public func memory(hasKeys: Bool = true) -> [LaunchPages] {
        guard !hasKeys else { return loaded }
        return loaded.map { pages in
            guard pages.type == .secrets, var contents = pages.bytes else { return pages }
            let keys = 0x20..<0x20 + 4 * SecretsPage.messageKeyByteCount
            contents.replaceSubrange(keys, with: [UInt8](repeating: 0, count: keys.count))
            return pages.filled(with: contents)
        }
    }

    /// The secrets page as firmware that runs at `level` finds it: without the keys of those above it.
    ///
    /// Source: AMD 58019, where the SVSM gives the guest a page of its own.
    public func secretsPage(for level: UInt8) -> [UInt8] {
        let hidden = 0x20..<0x20 + Int(level) * SecretsPage.messageKeyByteCount
        return secretsPage.indices.map { hidden.contains($0) ? 0 : secretsPage[$0] }
    }

    /// The guest's end of its messages, as the host carries them.
    public func seat(certificates: CertificateTable, attack: MessageAttack?) -> HypervisorSeat {
        HypervisorSeat(certificates: certificates.encoded(), attack: attack) {
            [processor, handle] (request: [UInt8]) throws(FirmwareStatus) in
            try processor.guestRequest(handle, request)
        }
    }
}

extension LaunchedGuest {
    /// Where a guest without SEV metadata finds its secrets page: as OVMF has it.
    private static let secretsAddress: UInt64 = 0x80D000

    /// What goes into the guest's memory: what the firmware's SEV metadata say, and for firmware without them all of the
    /// file, a page of secrets, and the virtual CPUs at reset. Without SEV-SNP there are neither metadata nor secrets, and
    /// under `sev` the registers are not loaded.
    public static func pages(_ configuration: LaunchConfiguration) throws(LaunchError) -> [LaunchPages] {
        let firmware = configuration.firmware
        let isSNP = configuration.mode == .sevSNP
        guard !isSNP || firmware.metadata == nil else { return try LaunchPlan(configuration).pages }
        guard (1...LaunchConfiguration.mostProcessors).contains(configuration.processorCount) else {
            throw .processorCount(configuration.processorCount)
        }
        do throws(SNPFormatError) {
            var pages = [try LaunchPages(.normal, at: firmware.address, firmware.bytes)]
            if isSNP { pages.append(try LaunchPages(.secrets, at: secretsAddress, pageCount: 1)) }
            guard configuration.mode != .sev else { return pages }
            let entry = try firmware.resetBlock ?? VMSA.bootEntry
            for number in 0..<configuration.processorCount {
                let state = VMSA.atReset(
                    configuration.monitor, entry: number == 0 ? VMSA.bootEntry : entry,
                    processor: configuration.processor,
                    features: isSNP ? configuration.features : SEVFeatures(rawValue: 0))
                pages.append(try LaunchPages(.vmsa, at: LaunchDigest.vmsaAddress, state.bytes))
            }
            return pages
        } catch { throw .format(error) }
    }
}
