import BoundedBytes
import LaunchMeasurement
import SNPABI
import TestSupport
import Testing

@Suite(.enabled(if: SharedData.isPresent)) struct PublishedDigestTests {
    @Test func findsAllOfThem() { #expect(PublishedCase.all.count == 23) }

    @Test(arguments: PublishedCase.all) func computesWhatOthersPublished(_ published: PublishedCase) throws {
        let digest = try LaunchMeasurement.compute(
            published.configuration, measuredFirmware: published.measuredFirmware)
        #expect(Hexadecimal.encode(digest) == published.expected)
    }

    /// The digest after the firmware is published, too; it stands for the firmware's pages.
    @Test func goesOnFromAMeasuredFirmware() throws {
        let published = try #require(PublishedCase.all.first { $0.measuredFirmware != nil })
        #expect(
            try LaunchMeasurement.firmwareDigest(of: published.configuration.firmware) == published.measuredFirmware)
    }
}
