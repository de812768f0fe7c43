import Foundation
import JSON
import TestSupport
import Testing
import VirtualMachine

private let debian13 = ConfidentialDisk(in: buildFolder + "/debian13")

/// Debian 13 with an initramfs of dracut as a confidential VM of the emulator: a unit starts snp-emulator-guest there, which
/// stays when systemd changes to the real root.
@Suite(.enabled(if: debian13.isBuilt, "there is no confidential disk of Debian 13: `make trixie` makes one"))
struct DracutAttestedBootTests {
    @Test func attestsItsTPMInTheInitramfsAndAlsoAfterwards() throws {
        let delivered = try DeliveredMachine(debian13)
        let machine = try delivered.attested()
        let journal = try machine.succeed("journalctl -b -o cat --no-pager")
        #expect(journal.contains("dracut-"), "\(journal.suffix(4000))")

        // In the running system, by what the initramfs has started.
        try machine.succeed("sealroot attest report --provider svsm --output /run/evidence.json")
        let verdict = try machine.succeed(
            "sealroot attest verify /run/evidence.json --policy /etc/sealroot/attestation.json --json")
        #expect(try JSONValue(parsing: verdict)["result"]?.string == "accepted", "\(verdict)")
        try machine.powerOff()
        try delivered.refusesWithoutItsKey()
    }
}
