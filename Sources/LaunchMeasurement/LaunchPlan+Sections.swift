internal import SNPABI

extension LaunchPlan {
    /// The pages of the metadata's sections, in the order in which the host measures them.
    static func sections(
        of image: FirmwareImage, _ configuration: LaunchConfiguration
    ) throws(LaunchError) -> [LaunchPages] {
        guard let metadata = image.metadata else { throw .noMetadata }
        guard configuration.hashes == nil || metadata.has(.kernelHashes) else { throw .noKernelHashes }
        // Amazon fills the CPUID pages last.
        let isLate = { (section: SEVMetadata.Section) in configuration.monitor == .ec2 && section.type == .cpuid }
        var pages: [LaunchPages] = []
        for section in metadata.sections.filter({ !isLate($0) }) + metadata.sections.filter(isLate) {
            pages.append(try Self.pages(of: section, image, configuration))
        }
        return pages
    }

    private static func pages(
        of section: SEVMetadata.Section, _ image: FirmwareImage, _ configuration: LaunchConfiguration
    ) throws(LaunchError) -> LaunchPages {
        if section.type == .kernelHashes, let hashes = configuration.hashes {
            let page = try page(of: hashes, in: section, of: image)
            return try formatting { () throws(SNPFormatError) in
                try LaunchPages(.normal, at: section.address, page)
            }
        }
        let type: LaunchPageType =
            switch section.type {
            case .memory: configuration.monitor == .gce ? .unmeasured : .zero
            case .secrets: .secrets
            case .cpuid: .cpuid
            case .callingArea, .kernelHashes: .zero
            }
        let count = Int(section.byteCount) / LaunchPages.pageByteCount
        return try formatting { () throws(SNPFormatError) in
            try LaunchPages(type, at: section.address, pageCount: count)
        }
    }

    /// The table where the firmware looks for it, in a page of zeros.
    private static func page(
        of hashes: SEVHashesTable, in section: SEVMetadata.Section, of image: FirmwareImage
    ) throws(LaunchError) -> [UInt8] {
        guard let area = try formatting({ () throws(SNPFormatError) in try image.hashesTableArea }) else {
            throw .noKernelHashes
        }
        let start = UInt64(area.address)
        let isInside =
            start >= section.address && area.byteCount >= UInt32(SEVHashesTable.byteCount)
            && start + UInt64(SEVHashesTable.byteCount) <= section.address + section.byteCount
        guard isInside else { throw .format(SNPFormatError("SEV hashes table", .range(field: "area", start))) }
        let offset = Int(start - section.address)
        var page = [UInt8](repeating: 0, count: LaunchPages.pageByteCount)
        page.replaceSubrange(offset..<offset + SEVHashesTable.byteCount, with: hashes.encoded())
        return page
    }
}
