internal import Cryptography
public import SNPABI

/// The measurement that the AMD-SP reports for a guest, computed from its files before it runs.
public enum LaunchMeasurement {
    /// The measurement: 48 bytes under SEV-SNP, else 32.
    ///
    /// - Parameter measuredFirmware: the launch digest after the firmware, where that is known; its bytes are then not
    ///   measured again, and only its tables count. SEV-SNP only.
    public static func compute(
        _ configuration: LaunchConfiguration, measuredFirmware: LaunchDigest? = nil
    ) throws(LaunchError) -> [UInt8] {
        guard configuration.mode == .sevSNP else {
            guard configuration.svsm == nil, measuredFirmware == nil else {
                throw .unsupported("an SVSM and a digest of the firmware exist under SEV-SNP only")
            }
            return try hashOfContents(configuration)
        }
        let plan = try LaunchPlan(configuration)
        guard let measuredFirmware else { return try digest(of: plan.pages, after: LaunchDigest()) }
        let others = plan.images.dropFirst() + plan.sections + plan.saveAreas
        return try digest(of: Array(others), after: measuredFirmware)
    }

    /// The launch digest after the firmware alone, for `measuredFirmware`.
    public static func firmwareDigest(of image: FirmwareImage) throws(LaunchError) -> LaunchDigest {
        var digest = LaunchDigest()
        let pages = try formatting { () throws(SNPFormatError) in
            try LaunchPages(.normal, at: image.address, image.bytes)
        }
        do throws(CryptographyError) { try digest.update(pages) } catch { throw .cryptography(error) }
        return digest
    }

    private static func digest(of pages: [LaunchPages], after first: LaunchDigest) throws(LaunchError) -> [UInt8] {
        var digest = first
        for run in pages {
            do throws(CryptographyError) { try digest.update(run) } catch { throw .cryptography(error) }
        }
        return digest.bytes
    }

    /// SHA-256 over the firmware, the hashes table, and under SEV-ES the save areas.
    ///
    /// Source: AMD 55766, "Secure Encrypted Virtualization API", LAUNCH_UPDATE_DATA and LAUNCH_UPDATE_VMSA.
    private static func hashOfContents(_ configuration: LaunchConfiguration) throws(LaunchError) -> [UInt8] {
        var hash = RunningDigest(.sha256)
        hash.update(configuration.firmware.bytes.span)
        if let hashes = configuration.hashes {
            let area = try formatting { () throws(SNPFormatError) in try configuration.firmware.hashesTableArea }
            guard let area, area.byteCount >= UInt32(SEVHashesTable.byteCount) else { throw .noKernelHashes }
            hash.update(hashes.encoded().span)
        }
        if configuration.mode == .sevES {
            guard (1...LaunchConfiguration.mostProcessors).contains(configuration.processorCount) else {
                throw .processorCount(configuration.processorCount)
            }
            let areas = try SaveAreas(configuration, features: SEVFeatures(rawValue: 0))
            hash.update(areas.boot.bytes.span)
            for _ in 1..<configuration.processorCount { hash.update(areas.other.bytes.span) }
        }
        do throws(CryptographyError) { return try hash.finish() } catch { throw .cryptography(error) }
    }
}
