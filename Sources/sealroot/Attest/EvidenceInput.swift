internal import Attestation
internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import SNPABI

/// A file to be judged: a bare report, or evidence.
struct EvidenceInput {
    let report: AttestationReport
    /// nil for a bare report.
    let evidence: Evidence?

    static func read(_ path: String) throws(CommandFailure) -> EvidenceInput {
        let bytes = try CommandFailure.reading(path, limit: Evidence.longest, area: "attest")
        // A report begins with its version, which is no character that JSON begins with.
        guard let first = bytes.first, first > 5 else {
            return EvidenceInput(report: try parse(bytes, path), evidence: nil)
        }
        let evidence: Evidence
        do throws(DocumentError) { evidence = try Evidence(parsing: bytes) } catch {
            throw malformed(path, error.description)
        }
        return EvidenceInput(report: try parse(evidence.report, path), evidence: evidence)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(CommandFailure) -> AttestationReport {
        do throws(SNPFormatError) { return try AttestationReport(parsing: bytes) } catch {
            throw malformed(path, error.description)
        }
    }

    private static func malformed(_ path: String, _ detail: String) -> CommandFailure {
        CommandFailure(code: .malformed, area: "attest", detail: path + ": " + detail)
    }

    /// Those of the evidence and of these files and folders. Of a folder, files that hold none are passed over.
    func certificates(from places: [String]) throws(CommandFailure) -> EndorsementCertificates {
        var all = EndorsementCertificates()
        for place in places {
            if let names = try Self.names(in: place) {
                for name in names { all.add(try Self.file(place + "/" + name)) }
            } else {
                let bytes = try CommandFailure.reading(place, limit: PEMBundle.longest, area: "attest")
                guard all.add(bytes) > 0 else { throw Self.malformed(place, "no certificate or revocation list") }
            }
        }
        guard let evidence else { return all }
        do throws(SNPFormatError) {
            all.add(try CertificateTable(parsing: evidence.certificateTable))
        } catch { throw Self.malformed("certificates of the evidence", error.description) }
        return all
    }

    /// nil where it is no folder.
    private static func names(in place: String) throws(CommandFailure) -> [String]? {
        do throws(FileError) {
            let opened = try FileDescriptor.open(readingAt: place)
            return try opened.kind == .folder ? opened.names().sorted() : nil
        } catch { throw CommandFailure(error, area: "attest") }
    }

    /// Nothing of a folder inside, of a device, or of a file that is too long to be certificates.
    private static func file(_ path: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileError) {
            guard try FileDescriptor.open(readingAt: path).kind == .file else { return [] }
            return try FileBytes.read(path, limit: PEMBundle.longest)
        } catch {
            if error.operation == .limit { return [] }
            throw CommandFailure(error, area: "attest")
        }
    }

    /// Whether REPORT_DATA is what provider, manifest and nonce make of it; nil for a bare report and no nonce.
    ///
    /// - Parameter nonce: the one that the caller had the guest asked with.
    func binding(nonce: [UInt8]?) throws(CryptographyError) -> Finding? {
        if evidence?.provider == .azureHCL, nonce != nil {
            return Finding(
                "report_data", isMet: false, expected: "a nonce", found: "Azure's report, which holds none")
        }
        guard evidence != nil || nonce != nil else { return nil }
        let claim = Evidence(
            provider: evidence?.provider ?? .guestDevice, report: [], manifest: evidence?.manifest ?? [],
            nonce: nonce ?? evidence?.nonce ?? [])
        let expected = try claim.expectedReportData()
        return Finding(
            "report_data", isMet: report.reportData == expected, expected: Hexadecimal.encode(expected),
            found: Hexadecimal.encode(report.reportData))
    }
}
