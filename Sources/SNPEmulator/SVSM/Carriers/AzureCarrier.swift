internal import BoundedBytes
internal import Cryptography
internal import JSON
internal import SNPABI

/// Azure's way to bind the TPM: its paravisor leaves a report in NV memory that is about runtime data with the attestation
/// key, and the key itself at a persistent handle.
///
/// Of the real runtime data the endorsement key and the machine's configuration are left out: libtpms has no index that is
/// long enough.
/// Source: Microsoft Learn, "Azure confidential VMs guest attestation design"; the sample shared/data/snp/azure-hcl.
struct AzureCarrier {
    static let keyHandle: UInt32 = 0x8100_0003

    /// Makes the key on first use, and leaves a fresh report at each start.
    func provide(_ tpm: VirtualTPM, _ messages: SVSMMessages) throws(SVSMError) {
        let data = Array(Self.runtimeData(modulus: try key(in: tpm)).utf8)
        let digest: [UInt8]
        do throws(CryptographyError) { digest = try DigestAlgorithm.sha256.hash(data) } catch {
            throw .cryptography(error)
        }
        let reportData = digest + [UInt8](repeating: 0, count: 64 - digest.count)
        guard case .report(let report, _) = try messages.report(reportData) else {
            throw .processor(message: "MSG_REPORT_REQ", reason: "certificates where none were asked for")
        }
        let contents = HCLReport(report: report, runtimeData: data).encoded()
        try NVIndex(handle: HCLReport.nvIndex).fill(contents, in: tpm)
    }

    /// The modulus of the attestation key: RSA-2048, restricted, RSASSA with SHA-256.
    private func key(in tpm: VirtualTPM) throws(SVSMError) -> [UInt8] {
        let known = try tpm.exchange(TPMCommand.encode(.readPublic, handles: [Self.keyHandle]))
        let area: [UInt8]
        if TPMFrame.code(known) == 0 {
            var reader = ByteReader(known.span)
            do throws(ByteError) {
                try reader.skip(TPMFrame.headerByteCount)
                area = try reader.sized()
            } catch { throw .frame("TPM2_ReadPublic: " + error.description) }
        } else {
            let object = try PrimaryObject.make(.endorsement, template: Self.template, in: tpm)
            _ = try tpm.perform("TPM2_EvictControl", TPMCommand.makePersistent(object.handle, at: Self.keyHandle))
            try object.flush(from: tpm)
            area = object.publicArea
        }
        return Array(area.suffix(256))
    }

    /// TPMT_PUBLIC. Source: TCG TPM 2.0 Library, Part 2, section 12.2.4.
    private static var template: [UInt8] {
        var area = ByteWriter()
        area.bigEndian(UInt16(0x0001))  // RSA
        area.bigEndian(UInt16(0x000B))  // nameAlg: SHA-256
        // fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign
        area.bigEndian(UInt32(0x0005_0472))
        area.sized([])
        area.bigEndian(UInt16(0x0010))  // no symmetric algorithm
        area.bigEndian(UInt16(0x0014))  // RSASSA
        area.bigEndian(UInt16(0x000B))
        area.bigEndian(UInt16(2048))
        area.bigEndian(UInt32(0))  // exponent 65537
        area.sized([])
        return area.bytes
    }

    /// In the order of the real ones.
    private static func runtimeData(modulus: [UInt8]) -> String {
        let key = JSONValue.object([
            JSONMember("kid", .string("HCLAkPub")), JSONMember("key_ops", .array([.string("sign")])),
            JSONMember("kty", .string("RSA")), JSONMember("e", .string("AQAB")),
            JSONMember("n", .string(base64URL(modulus))),
        ])
        let userData = String(repeating: "0", count: 128)
        return JSONValue.object([
            JSONMember("keys", .array([key])), JSONMember("user-data", .string(userData)),
        ]).compact
    }

    /// Source: RFC 7515, appendix C.
    private static func base64URL(_ bytes: [UInt8]) -> String {
        var text = ""
        for character in Base64.encode(bytes).utf8 where character != 0x3D {
            switch character {
            case 0x2B: text += "-"
            case 0x2F: text += "_"
            default: text.unicodeScalars.append(Unicode.Scalar(character))
            }
        }
        return text
    }
}
