internal import BoundedBytes
public import Cryptography
public import JSON

/// What a guest hands out about itself: a report, and what one needs to judge it. Nothing in it is verified.
///
/// One JSON file. Bytes are in Base64, the nonce in hexadecimal digits as it stands on a command line:
/// `{"version": 1, "provider": "svsm", "report": "…", "certificates": "…", "manifest": "…", "nonce": "…"}`;
/// `certificates`, `manifest` and `nonce` are left out where there are none.
public struct Evidence: Equatable, Sendable {
    /// Who asked the AMD-SP, which decides what REPORT_DATA means.
    public enum Provider: String, Sendable, CaseIterable {
        case svsm
        case azureHCL = "azure-hcl"
        case ekCertificate = "ek-cert"
        /// The guest itself, through `/dev/sev-guest` or configfs-tsm.
        case guestDevice = "sev-guest"
    }

    /// Longest file that is read, in bytes.
    public static let longest = 1 << 19
    /// Longest nonce, in bytes: REPORT_DATA holds no more.
    public static let longestNonce = 64

    public let provider: Provider
    /// ATTESTATION_REPORT, as it came.
    public let report: [UInt8]
    /// The table of an extended report, as it came; empty where there is none.
    public let certificateTable: [UInt8]
    /// What the provider vouches for by REPORT_DATA: the SVSM's manifest, the public area of an EK, or Azure's runtime data.
    public let manifest: [UInt8]
    /// At most 64 bytes.
    public let nonce: [UInt8]

    public init(
        provider: Provider, report: [UInt8], certificateTable: [UInt8] = [], manifest: [UInt8] = [],
        nonce: [UInt8] = []
    ) {
        self.provider = provider
        self.report = report
        self.certificateTable = certificateTable
        self.manifest = manifest
        self.nonce = nonce
    }

    /// Reads the file. An unknown field or version is refused.
    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        guard bytes.count <= Self.longest else {
            throw DocumentError(.evidence, "", .expected("at most " + String(Self.longest) + " bytes long"))
        }
        var reader = try DocumentReader.root(of: .evidence, parsing: bytes, mostValues: 64)
        let name = try reader.string("provider")
        guard let provider = Provider(rawValue: name) else {
            throw DocumentError(.evidence, "provider", .expected("one of svsm, azure-hcl, ek-cert, sev-guest"))
        }
        self.provider = provider
        report = try Self.bytes(&reader, "report")
        certificateTable = try reader.peek("certificates") == nil ? [] : Self.bytes(&reader, "certificates")
        manifest = try reader.peek("manifest") == nil ? [] : Self.bytes(&reader, "manifest")
        nonce = try reader.peek("nonce") == nil ? [] : Self.nonce(reader.string("nonce"))
        try reader.finish()
    }

    private static func bytes(_ reader: inout DocumentReader, _ name: String) throws(DocumentError) -> [UInt8] {
        guard let bytes = Base64.decode(try reader.string(name)) else {
            throw DocumentError(.evidence, name, .expected("Base64"))
        }
        return bytes
    }

    private static func nonce(_ text: String) throws(DocumentError) -> [UInt8] {
        guard let nonce = Hexadecimal.decode(text), nonce.count <= longestNonce else {
            throw DocumentError(.evidence, "nonce", .expected("at most 128 hexadecimal digits"))
        }
        return nonce
    }

    /// Members in the order of the text above.
    public var json: JSONValue {
        var members = [
            JSONMember("version", .integer(1)), JSONMember("provider", .string(provider.rawValue)),
            JSONMember("report", .string(Base64.encode(report))),
        ]
        if !certificateTable.isEmpty {
            members.append(JSONMember("certificates", .string(Base64.encode(certificateTable))))
        }
        if !manifest.isEmpty { members.append(JSONMember("manifest", .string(Base64.encode(manifest)))) }
        if !nonce.isEmpty { members.append(JSONMember("nonce", .string(Hexadecimal.encode(nonce)))) }
        return .object(members)
    }

    /// The 64 bytes that REPORT_DATA must be, for this provider, manifest and nonce.
    ///
    /// Sources: AMD 58019, "Secure VM Service Module", SVSM_ATTEST_SERVICES (SHA-512 of nonce and manifest); the sample
    /// of Azure's HCL report (SHA-256 of the runtime data, then zeros). An EK is bound as a service of the SVSM is.
    public func expectedReportData() throws(CryptographyError) -> [UInt8] {
        switch provider {
        case .svsm, .ekCertificate: try DigestAlgorithm.sha512.hash(nonce + manifest)
        case .azureHCL: Self.padded(try DigestAlgorithm.sha256.hash(manifest))
        case .guestDevice: Self.padded(nonce)
        }
    }

    /// At most 64 bytes, filled up with zeros to the size of REPORT_DATA.
    public static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(0, longestNonce - bytes.count))
    }
}
