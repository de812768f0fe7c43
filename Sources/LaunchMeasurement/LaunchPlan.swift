public import SNPABI

/// What the host gives to SNP_LAUNCH_UPDATE, in its order: from it the launch digest follows.
///
/// Source: QEMU 9.1 `target/i386/sev.c`; for EC2, GCE and the SVSM the order that virtee/sev-snp-measure 0.0.13 has.
public struct LaunchPlan: Equatable, Sendable {
    /// The firmware, and the SVSM before it starts.
    public let images: [LaunchPages]
    /// What the metadata ask for.
    public let sections: [LaunchPages]
    /// One page each, from the first virtual CPU on.
    public let saveAreas: [LaunchPages]

    public var pages: [LaunchPages] { images + sections + saveAreas }

    public init(_ configuration: LaunchConfiguration) throws(LaunchError) {
        guard configuration.mode == .sevSNP else { throw .unsupported("only SEV-SNP launches page by page") }
        guard (1...LaunchConfiguration.mostProcessors).contains(configuration.processorCount) else {
            throw .processorCount(configuration.processorCount)
        }
        let firmware = configuration.firmware
        guard let svsm = configuration.svsm else {
            images = [try Self.load(firmware)]
            sections = try Self.sections(of: firmware, configuration)
            saveAreas = try Self.saveAreas(configuration)
            try checkOverlaps()
            return
        }
        guard configuration.monitor == .qemu, configuration.hashes == nil else {
            throw .unsupported("an SVSM is measured for QEMU without a kernel only")
        }
        images = [try Self.load(firmware), try Self.load(svsm)]
        sections = try Self.sections(of: svsm, configuration)
        guard let entry = try formatting({ () throws(SNPFormatError) in try svsm.svsmEntry }) else {
            throw .noSVSMEntry
        }
        let area = VMSA.inSVSM(entry: entry, processor: configuration.processor)
        saveAreas = Array(repeating: try Self.page(area), count: configuration.processorCount)
        try checkOverlaps()
    }

    private static func load(_ image: FirmwareImage) throws(LaunchError) -> LaunchPages {
        try formatting { () throws(SNPFormatError) in try LaunchPages(.normal, at: image.address, image.bytes) }
    }

    private static func saveAreas(_ configuration: LaunchConfiguration) throws(LaunchError) -> [LaunchPages] {
        let areas = try SaveAreas(configuration, features: configuration.features)
        let others = configuration.processorCount - 1
        return [try page(areas.boot)] + Array(repeating: try page(areas.other), count: others)
    }

    private static func page(_ vmsa: VMSA) throws(LaunchError) -> LaunchPages {
        try formatting { () throws(SNPFormatError) in
            try LaunchPages(.vmsa, at: LaunchDigest.vmsaAddress, vmsa.bytes)
        }
    }

    /// Images and sections may not share memory: one would overwrite the other, measured as it was.
    private func checkOverlaps() throws(LaunchError) {
        let ordered = (images + sections).filter { $0.pageCount > 0 }.sorted { $0.address < $1.address }
        for (one, next) in zip(ordered, ordered.dropFirst()) where next.address < one.address + one.byteCount {
            throw .overlap(next.address)
        }
    }
}

/// Rewraps what an image gets wrong.
func formatting<Value>(_ body: () throws(SNPFormatError) -> Value) throws(LaunchError) -> Value {
    do throws(SNPFormatError) { return try body() } catch { throw .format(error) }
}
