internal import BoundedBytes
internal import Cryptography

extension HCLReport {
    /// As real ones are: version 1, about SEV-SNP, with SHA-256.
    ///
    /// - Parameter report: 1184 bytes, with the digest of `runtimeData` in REPORT_DATA.
    public init(report: [UInt8], runtimeData: [UInt8]) {
        version = 1
        requestType = 2
        self.report = report
        hashAlgorithm = .sha256
        self.runtimeData = runtimeData
    }

    /// The contents of the index.
    public func encoded() -> [UInt8] {
        let dataSize = UInt32(20 + runtimeData.count)
        var writer = ByteWriter()
        writer.append(Self.signature)
        writer.littleEndian(version)
        writer.littleEndian(0x4C0 + dataSize)
        writer.littleEndian(requestType)
        writer.zeros(to: 0x20)
        writer.fixed(report, AttestationReport.byteCount)
        let hashType: UInt32 =
            switch hashAlgorithm {
            case .sha1, .sha256: 1
            case .sha384: 2
            case .sha512: 3
            }
        for number in [dataSize, 1, Self.snpReport, hashType, UInt32(runtimeData.count)] { writer.littleEndian(number) }
        writer.append(runtimeData)
        return writer.bytes
    }
}
