public import Cryptography

/// A PE image and what it says about itself; the large parts of the file stay unread.
public struct BootImage: Equatable, Sendable {
    public let layout: PEImage
    /// The names of the sections in the order of the table, long ones in full. Untrusted.
    public let sectionNames: [String]
    /// The entries of its certificate table; empty for an unsigned image.
    public let certificates: [AttributeCertificate]
    /// nil where it has no `.sbat` section.
    public let sbat: [SBATEntry]?
    public let version: VersionInformation?

    /// The longest part that is read whole, in bytes: signatures, SBAT, resources.
    private static let partLimit = 1 << 24

    /// Reads the headers and the parts that they name.
    public init<Source: ImageSource & ~Copyable>(
        reading file: borrowing Source
    ) throws(ImageFailure<Source.Failure>) {
        let head = try file.bytes(0..<min(file.byteCount, PEImage.headLimit))
        do throws(EFIError) {
            layout = try PEImage(parsing: head.span, byteCount: file.byteCount)
        } catch { throw .format(error) }
        sectionNames = try layout.sectionNames(in: file)
        let table = try Self.part(layout.certificateTable, .certificateTable, of: file)
        // A second section of the name must not hide behind the first: it makes the file malformed.
        guard layout.sections.count(where: { $0.name == ".sbat" }) <= 1 else {
            throw .format(.value(.sbat, field: "number of sections", offset: 0, value: 2))
        }
        let sbatBytes = try Self.part(layout.section(".sbat")?.contentRange, .sbat, of: file)
        let resources = layout.resourceSection
        let resourceBytes = try Self.part(resources?.rawRange, .version, of: file)
        do throws(EFIError) {
            certificates = try table.map { bytes throws(EFIError) in try AttributeCertificate.parseTable(bytes) } ?? []
            sbat = try sbatBytes.map { bytes throws(EFIError) in try SBATEntry.parse(bytes) }
            if let resources, let resourceBytes {
                version = try VersionInformation.read(resources: resourceBytes, at: resources.virtualAddress)
            } else {
                version = nil
            }
        } catch { throw .format(error) }
    }

    /// The only section of that full name; nil where there is none, or more than one.
    public func section(_ name: String) -> PESection? {
        let found = zip(sectionNames, layout.sections).filter { $0.0 == name }
        return found.count == 1 ? found[0].1 : nil
    }

    private static func part<Source: ImageSource & ~Copyable>(
        _ range: Range<Int>?, _ part: EFIError.Part, of file: borrowing Source
    ) throws(ImageFailure<Source.Failure>) -> [UInt8]? {
        guard let range else { return nil }
        guard range.count <= partLimit else {
            throw .format(.range(part, field: "length", offset: range.lowerBound, count: range.count))
        }
        return try file.bytes(range)
    }
}

/// What one signature of an image claims, before anybody trusts it.
public struct ImageSignature: Equatable, Sendable {
    public let signers: [CodeSignature.Signer]
    /// The Authenticode digest that is signed, and its algorithm.
    public let algorithm: DigestAlgorithm
    public let digest: [UInt8]
}

extension BootImage {
    /// The PKCS#7 signatures in the order of the certificate table.
    public func signatures() throws(EFIError) -> [ImageSignature] {
        var signatures: [ImageSignature] = []
        for (index, certificate) in certificates.enumerated() where certificate.isPKCS7 {
            do throws(SignatureDefect) {
                let parsed = try CodeSignature.parse(certificate.content)
                signatures.append(
                    ImageSignature(signers: parsed.signers, algorithm: parsed.algorithm, digest: parsed.digest))
            } catch { throw .signature(index, error) }
        }
        return signatures
    }
}

extension PEImage {
    /// The section that begins with the resources of data directory 2.
    var resourceSection: PESection? {
        guard resourceSize > 0 else { return nil }
        return sections.first { $0.virtualAddress == resourceAddress && !$0.rawRange.isEmpty }
    }
}
