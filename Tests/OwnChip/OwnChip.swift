public import Attestation
internal import BoundedBytes
public import SNPABI
public import TestSupport

/// A chip with a chain of its own, which the openssl command makes in the shape of AMD's: none of our code issues or signs.
public final class OwnChip: Sendable {
    public let folder: Scratch
    /// A time at which all is valid. The root is for ten years from now, the intermediate for five, leaf and list for one.
    public let time: Int64

    public static let shared = Result { try OwnChip() }
    public static let scheme =
        "-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48 -sigopt rsa_mgf1_md:sha384"
    public static let arc = "1.3.6.1.4.1.3704.1."
    /// CHIP_ID.
    public static let identifier = (0..<64).map { UInt8($0 * 3 + 1) }
    /// boot_loader 4, tee 0, snp 24, microcode 219.
    public static let tcb = TCBVersion(TCBComponents(bootLoader: 4, tee: 0, snp: 24, microcode: 219), for: .milan)

    private init() throws {
        folder = try Scratch()
        try folder.shell(
            """
            for name in ark ask; do openssl genrsa -out $name.key 4096 2>/dev/null; done
            openssl genrsa -out other.key 2048 2>/dev/null
            openssl ecparam -name secp384r1 -genkey -noout -out chip.key
            """)
        time = 86400 + (Int64(try folder.shell("date +%s")) ?? 0)
        try authority("ark", name: "ARK-Milan", issuer: "ark", serial: "0x10000", days: 3650)
        try authority("ask", name: "SEV-Milan", issuer: "ark", serial: "0x10001", days: 1825)
        try leaf("chip")
    }

    /// Certifies the key of `file` as `file.der`.
    @discardableResult
    public func authority(
        _ file: String, key: String? = nil, name: String, issuer: String, serial: String, days: Int,
        extensions: String = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign",
        scheme: String = scheme
    ) throws -> [UInt8] {
        try folder.write(Array((extensions + "\n").utf8), to: file + ".ext")
        let signer = issuer == file ? "-signkey \(issuer).key" : "-CA \(issuer).pem -CAkey \(issuer).key"
        try folder.shell(
            """
            openssl req -new -key \(key ?? file).key -subj '/O=Test/CN=\(name)' -out \(file).csr
            openssl x509 -req -in \(file).csr \(signer) \(scheme) -set_serial \(serial) -days \(days) \
                -extfile \(file).ext -out \(file).pem 2>/dev/null
            openssl x509 -in \(file).pem -outform DER -out \(file).der
            """)
        return try folder.bytes(file + ".der")
    }

    /// AMD's extensions of a Milan's VCEK, in AMD's order, by the end of their object identifiers.
    public static let extensions: [(name: String, der: String)] = [
        ("1", "020100"), ("2", "16084d696c616e2d4230"), ("3.1", "020104"), ("3.2", "020100"), ("3.4", "020100"),
        ("3.5", "020100"), ("3.6", "020100"), ("3.7", "020100"), ("3.3", "020118"), ("3.8", "020200db"),
        ("4", Hexadecimal.encode(identifier)),
    ]

    /// A certificate of the chip's key with those extensions, as `file.der`; `change` puts other values in, or an empty
    /// one to leave the extension out.
    @discardableResult
    public func leaf(_ file: String, _ change: [String: String] = [:], issuer: String = "ask") throws -> [UInt8] {
        var lines = Self.extensions.map { ($0.name, change[$0.name] ?? $0.der) }
        let known = Set(lines.map(\.0))
        lines += change.filter { !known.contains($0.key) }.map { ($0.key, $0.value) }
        let text = lines.filter { !$0.1.isEmpty }.map { name, value in
            "\(Self.arc)\(name)=\(value.hasPrefix("critical") ? value : "DER:" + value)"
        }.joined(separator: "\n")
        return try authority(
            file, key: "chip", name: "SEV-VCEK", issuer: issuer, serial: "0", days: 365, extensions: text)
    }

    /// A list of `issuer` with these serial numbers in hexadecimal digits, as DER.
    public func list(_ issuer: String, revoked serials: [String], days: Int = 365, key: String? = nil) throws -> [UInt8]
    {
        let entries = serials.map { "R\t490101000000Z\t250101000000Z\t\($0)\tunknown\t/CN=x\n" }.joined()
        try folder.write(Array(entries.utf8), to: "index")
        try folder.shell(
            """
            rm -f index.attr && echo 01 >number
            printf '[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha384\\n' >list.conf
            openssl ca -config list.conf -gencrl -crldays \(days) -keyfile \(key ?? issuer).key -cert \(issuer).pem \
                \(Self.scheme.replacing("-sha384 ", with: "")) -out list.pem 2>/dev/null
            openssl crl -in list.pem -outform DER -out list.der
            """)
        return try folder.bytes("list.der")
    }

    public func bytes(_ name: String) throws -> [UInt8] { try folder.bytes(name + ".der") }

    public var roots: TrustedRoots {
        get throws {
            guard let roots = TrustedRoots(pem: try folder.bytes("ark.pem")) else {
                throw CommandFailure(description: "no root")
            }
            return roots
        }
    }

    /// The certificates with these files in place of the usual ones.
    public func certificates(leaf: [UInt8]? = nil, ask: [UInt8]? = nil, ark: [UInt8]? = nil) throws
        -> EndorsementCertificates
    {
        var all = EndorsementCertificates()
        for part in [try leaf ?? bytes("chip"), try ask ?? bytes("ask"), try ark ?? bytes("ark")] { all.add(part) }
        return all
    }

    /// A report of this chip with `change`, signed.
    public func report(_ change: (inout AttestationReport) -> Void = { _ in }) throws -> AttestationReport {
        var report = AttestationReport(version: 3, policy: GuestPolicy(rawValue: 0x30000))
        report.processor = ProcessorIdentity(family: 0x19, model: 1, stepping: 1)
        report.chipID = Self.identifier
        report.measurement = [UInt8](repeating: 0xAB, count: 48)
        for path in [
            \AttestationReport.currentTCB, \.committedTCB, \.reportedTCB, \.launchTCB,
        ] { report[keyPath: path] = Self.tcb }
        change(&report)
        let name = "report-\(UInt32.random(in: 0...UInt32.max))"
        try folder.write(report.signedBytes, to: name)
        let numbers = try folder.shell(
            """
            openssl dgst -sha384 -sign chip.key -out \(name).sig \(name)
            openssl asn1parse -inform DER -in \(name).sig | sed -n 's/.*INTEGER *://p'
            """
        ).split(separator: "\n").map { digits in
            let bytes = Hexadecimal.decode(String(digits)) ?? []
            return [UInt8](repeating: 0, count: 48 - bytes.count) + bytes
        }
        report.signature = ReportSignature(r: numbers[0], s: numbers[1])
        return report
    }

    public func verify(
        _ report: AttestationReport? = nil, with certificates: EndorsementCertificates? = nil,
        revocation: RevocationDemand = .optional, days: Int64 = 0
    ) throws -> VerifiedReport {
        let verifier = ReportVerifier(roots: try roots, revocation: revocation, time: time + days * 86400)
        return try verifier.verify(report ?? self.report(), with: certificates ?? self.certificates())
    }
}
