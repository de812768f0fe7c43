internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import InitramfsRuntime
internal import JSON

/// What `hash-pe` says about one file.
struct ImageReport {
    private let path: String
    private let image: BootImage
    private let signatures: [ImageSignature]
    /// As the firmware measures it: SHA-256 and every other algorithm that was asked for or signed.
    private let digests: [SignatureDatabase.Digest]
    /// The SHA-256 that the file will have once it is signed; the same as now for a signed one.
    private let sha256AfterSigning: [UInt8]

    static func make(_ path: String, isSHA384Shown: Bool) throws(CommandFailure) -> ImageReport {
        let source = try rethrow(as: { CommandFailure($0, area: "file") }) { () throws(FileError) in
            try FileSource.open(path)
        }
        return try rethrow(as: { CommandFailure($0, path: path) }) { () throws(ImageFailure<FileError>) in
            try ImageReport(path, reading: source, isSHA384Shown: isSHA384Shown)
        }
    }

    private init(
        _ path: String, reading source: borrowing FileSource, isSHA384Shown: Bool
    ) throws(ImageFailure<FileError>) {
        self.path = path
        image = try BootImage(reading: source)
        signatures = try rethrow(as: ImageFailure<FileError>.format) { [image] () throws(EFIError) in
            try image.signatures()
        }
        let isUsed: (DigestAlgorithm) -> Bool = { [signatures] algorithm in
            algorithm == .sha256 || isSHA384Shown && algorithm == .sha384
                || signatures.contains { $0.algorithm == algorithm }
        }
        var digests: [SignatureDatabase.Digest] = []
        for algorithm in DigestAlgorithm.allCases where isUsed(algorithm) {
            digests.append(.init(algorithm, try image.layout.digest(algorithm, of: source)))
        }
        self.digests = digests
        sha256AfterSigning =
            image.layout.signingPadding > 0
            ? try image.layout.digestAfterSigning(.sha256, of: source)
            : digests.first { $0.algorithm == .sha256 }?.bytes ?? []
    }

    private func digest(_ algorithm: DigestAlgorithm) -> [UInt8]? {
        digests.first { $0.algorithm == algorithm }?.bytes
    }

    /// The common name; of a certificate without one, as small tools make them, the organisation.
    private static func shown(_ name: X509Certificate.Name) -> String {
        Printable.escape(name.commonName.isEmpty ? name.organization : name.commonName)
    }

    /// For people: a line a fact, the first one the digest.
    var lines: [String] {
        var lines = digests.map { $0.algorithm.rawValue + " " + Hexadecimal.encode($0.bytes) + "  " + path }
        if sha256AfterSigning != digest(.sha256) {
            lines.append("  after signing: sha256 " + Hexadecimal.encode(sha256AfterSigning))
        }
        for signature in signatures {
            let names = signature.signers.map {
                Self.shown($0.subject) + " (issuer: " + Self.shown($0.issuer) + ")"
            }
            let isMatching = signature.digest == digest(signature.algorithm)
            let note = isMatching ? "" : "; it is of another image"
            lines.append("  signed by " + names.joined(separator: ", ") + note)
        }
        if signatures.isEmpty { lines.append("  not signed") }
        for entry in image.sbat ?? [] {
            let fields = [entry.component, String(entry.generation), entry.vendor, entry.package, entry.version]
            lines.append("  sbat " + fields.map { Printable.escape($0) }.joined(separator: ","))
        }
        if let version = image.version?.productVersion { lines.append("  version " + Printable.escape(version)) }
        for section in image.layout.unifiedKernelSections {
            lines.append("  section " + section.name + " " + String(section.contentRange.count) + " bytes")
        }
        return lines
    }

    var json: JSONValue {
        var members = [
            JSONMember("file", .string(path)), JSONMember("bytes", .integer(Int64(image.layout.byteCount))),
        ]
        members += digests.map { JSONMember($0.algorithm.rawValue, .string(Hexadecimal.encode($0.bytes))) }
        members += [
            JSONMember("sha256_after_signing", .string(Hexadecimal.encode(sha256AfterSigning))),
            JSONMember("signatures", .array(signatures.map(json))),
            JSONMember("sbat", image.sbat.map { .array($0.map(json)) } ?? .null),
            JSONMember("product_version", image.version?.productVersion.map { .string($0) } ?? .null),
            JSONMember("uki_sections", .array(image.layout.unifiedKernelSections.map(json))),
        ]
        return .object(members)
    }

    private func json(_ signature: ImageSignature) -> JSONValue {
        let signers = signature.signers.map {
            JSONValue.object([
                JSONMember("subject", .string($0.subject.commonName)),
                JSONMember("issuer", .string($0.issuer.commonName)),
            ])
        }
        return .object([
            JSONMember("algorithm", .string(signature.algorithm.rawValue)),
            JSONMember("digest", .string(Hexadecimal.encode(signature.digest))),
            JSONMember("matches", .bool(signature.digest == digest(signature.algorithm))),
            JSONMember("signers", .array(signers)),
        ])
    }

    private func json(_ entry: SBATEntry) -> JSONValue {
        .object([
            JSONMember("component", .string(entry.component)),
            JSONMember("generation", .integer(Int64(entry.generation))), JSONMember("vendor", .string(entry.vendor)),
            JSONMember("package", .string(entry.package)), JSONMember("version", .string(entry.version)),
            JSONMember("url", .string(entry.url)),
        ])
    }

    private func json(_ section: PESection) -> JSONValue {
        .object([
            JSONMember("name", .string(section.name)),
            JSONMember("bytes", .integer(Int64(section.contentRange.count))),
        ])
    }
}
