internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import SecureProcessor

/// Writes the folder `certs`.
struct CertificateStore {
    private let layout: StateLayout

    init(_ layout: StateLayout) { self.layout = layout }

    /// The certificates of the authorities, and both chains: PEM, as the KDS hands them out.
    func writeAuthorities(_ authority: borrowing CertificateAuthority, issued: Int64) throws(StateError) {
        var texts: [CertificateAuthority.Member: String] = [:]
        for member in CertificateAuthority.Member.allCases {
            let der = try computing { () throws(CryptographyError) in
                try authority.certificate(member, issued: issued)
            }
            texts[member] = Self.pem(der)
            try put(layout.certificate(member), Array(Self.pem(der).utf8))
        }
        let root = texts[.ark] ?? ""
        try put(layout.chain, Array(((texts[.ask] ?? "") + root).utf8))
        try put(layout.vlekChain, Array(((texts[.asvk] ?? "") + root).utf8))
    }

    /// Issues those files anew that follow from the description, and notes their digests in it.
    func write(
        _ names: [CertificateFile], _ authority: borrowing CertificateAuthority, _ chip: borrowing Chip,
        _ vlek: LoadedEndorsementKey, _ description: inout ChipDescription
    ) throws(StateError) {
        for name in names {
            let (tcb, issued) = (description.platform.reportedTCB, description.endorsementIssued)
            let der: [UInt8]
            do throws(CryptographyError) {
                der =
                    switch name {
                    case .vcek: try authority.vcekCertificate(of: chip, tcb: tcb, issued: issued)
                    case .vlek: try authority.vlekCertificate(of: vlek, tcb: tcb, issued: issued)
                    case .revocationList:
                        try authority.revocationList(
                            description.revoked, number: UInt64(description.listNumber),
                            issued: description.listIssued)
                    }
                description.certificates[name] = try DigestAlgorithm.sha256.hash(der)
            } catch { throw .cryptography(error) }
            try put(layout.certificate(name), der)
        }
    }

    private func put(_ path: String, _ bytes: [UInt8]) throws(StateError) {
        try files { () throws(FileError) in try FileBytes.replace(path, with: bytes, mode: 0o644) }
    }

    /// RFC 7468, with lines of 64 characters.
    static func pem(_ der: [UInt8]) -> String {
        let digits = Array(Base64.encode(der).utf8)
        let lines = stride(from: 0, to: digits.count, by: 64).map {
            String(decoding: digits[$0..<min($0 + 64, digits.count)], as: UTF8.self) + "\n"
        }
        return "-----BEGIN CERTIFICATE-----\n" + lines.joined() + "-----END CERTIFICATE-----\n"
    }

    /// The DER of the first certificate in a PEM text that `pem` wrote.
    static func der(_ pem: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: pem, as: UTF8.self).split(separator: "\n")
        guard lines.first == "-----BEGIN CERTIFICATE-----",
            let end = lines.firstIndex(of: "-----END CERTIFICATE-----")
        else { return nil }
        return Base64.decode(lines[1..<end].joined())
    }
}

/// Rewraps the failure of a file.
func files<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws(StateError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(error) }
}

/// Rewraps a failure of libcrypto.
func computing<Value: ~Copyable>(_ body: () throws(CryptographyError) -> Value) throws(StateError) -> Value {
    do throws(CryptographyError) { return try body() } catch { throw .cryptography(error) }
}
