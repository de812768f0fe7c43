internal import BoundedBytes
internal import Foundation
internal import GuestKernel
internal import InitramfsRuntime
internal import SNPABI
internal import SNPEmulator

/// A guest as `snp-emulator exec` makes it, on a stand-in for the AMD-SP and, above VMPL 0, for the SVSM.
///
/// `guest-stand-in [--vmpl N] [--attack NAME] [--certificates BYTES] [--hide FOLDER] [--event-log FILE] [--no-snp]
/// -- COMMAND...`
@main
struct GuestStandIn {
    static func main() throws {
        let words = CommandLine.arguments.dropFirst()
        let end = words.firstIndex(of: "--") ?? words.endIndex
        var options = ArgumentList(Array(words[..<end]))
        let level = UInt8(try options.option("vmpl") ?? "0") ?? 0
        let attack = try options.option("attack").flatMap(MessageAttack.init(rawValue:))
        let certificates = Int(try options.option("certificates") ?? "0") ?? 0
        let (hidden, log) = (try options.option("hide"), try options.option("event-log"))
        let hasSNP = !options.flag("no-snp")
        try options.finish()
        do throws(GuestError) {
            try GuestNamespace.enter()
            let boot = try log.map { path throws(GuestError) in
                do throws(FileError) { return try BootRecord(logAt: path) } catch { throw .file(error) }
            }
            let settings = Guest.Settings(
                command: Array(words[end...].dropFirst()), hiddenFolder: hidden, boot: boot ?? BootRecord())
            let processor = StandInProcessor(vmpck: level)
            let seat = HypervisorSeat(certificates: table(certificates), attack: attack, processor: processor.serve)
            let key = attack == .withholdKey ? [UInt8](repeating: 0, count: 32) : StandInProcessor.key
            let services = level == 0 ? nil : StandInServices()
            let guest = try Guest.make(
                settings, driver: hasSNP ? SEVGuestDriver(channel: seat, key: key, vmpck: level) : nil,
                services: services)
            exit(try guest.run())
        } catch {
            Console.report("guest-stand-in: " + error.description)
            exit(error.exitCode)
        }
    }

    /// One entry, of that many bytes with the table.
    private static func table(_ size: Int) -> [UInt8] {
        guard size > 48 else { return [] }
        let contents = (0..<size - 48).map { UInt8($0 % 251) }
        return CertificateTable([CertificateTable.Entry(CertificateTable.vcek, contents)]).encoded()
    }
}

/// Evidence that repeats what it was asked.
final class StandInServices: ServiceAttestation {
    func attest(nonce: [UInt8], service: GUID?, manifestVersion: UInt32) -> ServiceEvidence? {
        guard manifestVersion == 0 else { return nil }
        var report = [UInt8](repeating: 0, count: AttestationReport.byteCount)
        report.replaceSubrange(0x50..<0x90, with: nonce)
        let manifest = Array((service?.description ?? "all services").utf8)
        return ServiceEvidence(report: report, manifest: manifest, certificates: [])
    }
}
