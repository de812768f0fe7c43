internal import Cryptography
public import SNPABI

/// Certificates and revocation lists of any origin, sorted by what they are: none of them is trusted.
public struct EndorsementCertificates: Equatable, Sendable {
    /// More than the chains and lists of all generations together.
    static let mostCertificates = 64
    static let mostLists = 16

    /// DER, in the order in which they came.
    private(set) var certificates: [[UInt8]] = []
    private(set) var lists: [[UInt8]] = []
    /// There were more than anybody needs: a list that revokes may be among those that had no room.
    private(set) var isOverfull = false

    public init() {}

    /// Adds what `bytes` are: a certificate or a list in DER, such parts in PEM, or the table of an extended report.
    ///
    /// - Returns: how many certificates and lists were found; 0 for anything else.
    @discardableResult
    public mutating func add(_ bytes: [UInt8]) -> Int {
        let found = addFile(bytes)
        guard found == 0, let table = Self.table(bytes) else { return found }
        return add(table)
    }

    /// Adds what the entries of an extended report's table hold.
    ///
    /// - Returns: how many certificates and lists were found.
    @discardableResult
    public mutating func add(_ table: CertificateTable) -> Int {
        table.entries.reduce(0) { $0 + addFile($1.contents) }
    }

    private mutating func addFile(_ bytes: [UInt8]) -> Int {
        let found = addEncoded(bytes)
        return found > 0 ? found : addBundle(bytes)
    }

    private static func table(_ bytes: [UInt8]) -> CertificateTable? {
        do throws(SNPFormatError) { return try CertificateTable(parsing: bytes) } catch { return nil }
    }

    private mutating func addBundle(_ bytes: [UInt8]) -> Int {
        guard let parts = PEMBundle.parse(bytes) else { return 0 }
        return parts.reduce(0) { count, part in
            count + (part.isCertificate || part.isRevocationList ? addEncoded(part.contents) : 0)
        }
    }

    /// The tag that DER begins with.
    private static let sequence: UInt8 = 0x30

    private mutating func addEncoded(_ bytes: [UInt8]) -> Int {
        guard bytes.first == Self.sequence else { return 0 }
        if X509Certificate.parse(bytes) != nil {
            Self.append(bytes, to: &certificates, most: Self.mostCertificates, &isOverfull)
            return 1
        }
        guard RevocationList.parse(bytes) != nil else { return 0 }
        Self.append(bytes, to: &lists, most: Self.mostLists, &isOverfull)
        return 1
    }

    private static func append(_ bytes: [UInt8], to list: inout [[UInt8]], most: Int, _ isOverfull: inout Bool) {
        guard !list.contains(bytes) else { return }
        guard list.count < most else { return isOverfull = true }
        list.append(bytes)
    }
}
