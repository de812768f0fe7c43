internal import BoundedBytes
public import Cryptography

/// What Azure's paravisor keeps in the vTPM, at NV index 0x01400001: a report, and the data that its REPORT_DATA is a
/// digest of, among them the attestation key of the TPM. Little-endian.
///
/// Source: Microsoft Learn, "Azure confidential VMs guest attestation design", attestation report format.
public struct HCLReport: Equatable, Sendable {
    public static let nvIndex: UInt32 = 0x0140_0001
    static let name = "HCL report"
    static let signature = Array("HCLA".utf8)
    /// Of SEV-SNP; others are VBS, TDX.
    static let snpReport: UInt32 = 2
    private static let reportOffset = 0x20
    private static let dataOffset = 0x4C0
    private static let dataHeaderByteCount = 20

    /// 1 and 2 have been seen.
    public let version: UInt32
    public let requestType: UInt32
    /// The report's bytes, not yet read.
    public let report: [UInt8]
    public let hashAlgorithm: DigestAlgorithm
    /// JSON, as the digest covers it.
    public let runtimeData: [UInt8]

    /// Reads an index. Behind what its header counts there may be zeros.
    public init(parsing bytes: [UInt8]) throws(SNPFormatError) {
        var reader = ByteReader(bytes.span)
        let size: UInt32
        let (signature, version, requestType): ([UInt8], UInt32, UInt32)
        do throws(ByteError) {
            signature = try reader.bytes(4)
            version = try reader.integer()
            size = try reader.integer()
            requestType = try reader.integer()
            try reader.skip(to: Self.reportOffset)
            report = try reader.bytes(AttestationReport.byteCount)
        } catch { throw SNPFormatError(Self.name, .bytes(error)) }
        guard signature == Self.signature else { throw SNPFormatError(Self.name, .missing("signature")) }
        guard (1...2).contains(version) else { throw SNPFormatError(Self.name, .version(version)) }
        self.version = version
        self.requestType = requestType
        let end = try Self.end(size, of: bytes)
        (hashAlgorithm, runtimeData) = try Self.runtimeData(&reader, end: end)
        do throws(ByteError) { try reader.reserved(reader.remaining) } catch {
            throw SNPFormatError(Self.name, .bytes(error))
        }
    }

    /// Whether REPORT_DATA is the digest of the runtime data, filled up with zeros.
    public func isBound(to reportData: [UInt8]) throws(CryptographyError) -> Bool {
        let digest = try hashAlgorithm.hash(runtimeData)
        return reportData == digest + [UInt8](repeating: 0, count: 64 - digest.count)
    }

    private static func end(_ size: UInt32, of bytes: [UInt8]) throws(SNPFormatError) -> Int {
        guard size >= UInt32(dataOffset + dataHeaderByteCount), UInt64(size) <= UInt64(bytes.count) else {
            throw SNPFormatError(name, .range(field: "report size", UInt64(size)))
        }
        return Int(size)
    }

    private static func runtimeData(
        _ reader: inout ByteReader, end: Int
    ) throws(SNPFormatError) -> (DigestAlgorithm, [UInt8]) {
        let (dataSize, version, reportType, hashType, count): (UInt32, UInt32, UInt32, UInt32, UInt32)
        do throws(ByteError) {
            dataSize = try reader.integer()
            version = try reader.integer()
            reportType = try reader.integer()
            hashType = try reader.integer()
            count = try reader.integer()
        } catch { throw SNPFormatError(name, .bytes(error)) }
        guard version == 1 else { throw SNPFormatError(name, .version(version)) }
        guard reportType == snpReport else {
            throw SNPFormatError(name, .value(field: "report type", UInt64(reportType)))
        }
        let algorithm: DigestAlgorithm
        switch hashType {
        case 1: algorithm = .sha256
        case 2: algorithm = .sha384
        case 3: algorithm = .sha512
        default: throw SNPFormatError(name, .value(field: "hash type", UInt64(hashType)))
        }
        // Three sizes say the same; where they do not, readers would disagree on what the digest covers.
        guard UInt64(dataSize) == UInt64(count) + UInt64(dataHeaderByteCount) else {
            throw SNPFormatError(name, .value(field: "data size", UInt64(dataSize)))
        }
        guard UInt64(dataOffset) + UInt64(dataSize) == UInt64(end) else {
            throw SNPFormatError(name, .range(field: "data size", UInt64(dataSize)))
        }
        do throws(ByteError) { return (algorithm, try reader.bytes(Int(count))) } catch {
            throw SNPFormatError(name, .bytes(error))
        }
    }
}
