import Attesting
import Configuration
import Cryptography
import Foundation
import GuestDevices
import OwnChip
import SNPABI
import TPM
import TestSupport
import Testing

/// A guest with a vTPM, and a processor whose reports openssl signs.
struct Machine {
    let chip: OwnChip
    let tpm = Result { try SoftwareTPM() }
    let scratch: Scratch
    let key: StorageKey

    init() throws {
        chip = try OwnChip.shared.get()
        scratch = try Scratch()
        key = try TPM.connect(tcti: tpm.get().tcti).createStorageKey(at: 0x8100_0002)
    }

    /// TPMT_PUBLIC of the standard endorsement key, as tpm2-tools make it.
    func endorsementKey(_ algorithm: String = "rsa", of other: SoftwareTPM? = nil) throws -> [UInt8] {
        let tpm = try other ?? self.tpm.get()
        try tpm.succeed("tpm2_createek", "-Q", "-c", "ek.ctx", "-G", algorithm, "-u", "ek.pub")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "ek.ctx", "-f", "pem", "-o", "ek.pem")
        try tpm.succeed("tpm2_flushcontext", "-t")
        return Array(try tpm.read("ek.pub").dropFirst(2))
    }

    /// A policy with the chip's root, and `more` members.
    func policy(_ more: String, reports: Bool = true, root: String = "ark") throws -> String {
        let pem = String(decoding: try chip.folder.bytes(root + ".pem"), as: UTF8.self).replacing("\n", with: "\\n")
        let rules =
            reports
            ? """
            , "measurements": ["\(String(repeating: "ab", count: 48))"], "roots": ["\(pem)"], "minimum_tcb": {"milan":
            {"reported": {"boot_loader": 4, "tee": 0, "snp": 24, "microcode": 219}}}
            """ : ""
        let path = scratch.file("policy.json")
        try scratch.write(Array("{\"version\": 1\(rules)\(more)}".utf8), to: "policy.json")
        return path
    }

    /// Why step 5 fails; nil where it does not.
    func failure(
        _ provider: AttestationSettings.Provider, _ policy: String, _ reports: Reports = Reports(),
        through tcti: String? = nil, days: Int64 = 0
    ) throws -> AttestingError? {
        let text =
            "device = /dev/none\nmapping = root\nprovider = \(provider.rawValue)\nattestation-policy = \(policy)\n"
        let settings = try #require(try GuestConfiguration(parsing: Array(text.utf8)).attestation)
        var places = AttestationPlaces()
        places.certificates = scratch.file("certs")
        let session = try TPM.connect(tcti: tcti ?? tpm.get().tcti)
        do throws(AttestingError) {
            let attester = try Attester(settings, places: places, clock: chip.time + days * 86400)
            let attested = try attester.attest(key, session, by: reports)
            #expect(attested.storageKey == key)
            return nil
        } catch { return error }
    }
}

/// Answers with signed reports, as the chip's guest would get them.
struct Reports: ReportSource {
    var manifest: [UInt8] = []
    /// What the report is about, where it is not what was asked for.
    var staleNonce: [UInt8]?
    var change: @Sendable (inout AttestationReport) -> Void = { _ in }
    /// Certificates that come with it.
    var hasCertificates = true

    func report(_ reportData: [UInt8], level: UInt32?) throws(AttestingError) -> RawReport {
        signed(reportData, level ?? 0)
    }

    func service(_ guid: String, nonce: [UInt8]) throws(AttestingError) -> RawReport {
        guard guid == "c476f1eb-0123-45a5-9641-b4e7dde5bfe3", nonce.count == 64 else {
            throw .device(.interference(guid))
        }
        do throws(CryptographyError) {
            return signed(try DigestAlgorithm.sha512.hash((staleNonce ?? nonce) + manifest), 0)
        } catch { throw .cryptography(error) }
    }

    private func signed(_ reportData: [UInt8], _ level: UInt32) -> RawReport {
        do {
            let chip = try OwnChip.shared.get()
            let report = try chip.report {
                $0.reportData = reportData
                $0.vmpl = level
                change(&$0)
            }
            let table = CertificateTable([
                .init(CertificateTable.vcek, try chip.bytes("chip")),
                .init(CertificateTable.ask, try chip.bytes("ask")),
                .init(CertificateTable.ark, try chip.bytes("ark")),
            ])
            return RawReport(
                report: report.encoded(), certificateTable: hasCertificates ? table.encoded() : [], manifest: manifest)
        } catch {
            Issue.record("\(error)")
            return RawReport(report: [])
        }
    }
}
