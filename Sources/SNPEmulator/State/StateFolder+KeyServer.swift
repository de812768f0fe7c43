internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import SNPABI
internal import SecureProcessor

extension StateFolder {
    /// A file of the folder `certs`.
    public struct Certificate: Equatable, Sendable {
        public let name: String
        /// SHA-256 of the DER.
        public let fingerprint: [UInt8]
    }

    /// All certificates, and the revocation list.
    public func certificates() throws(StateError) -> [Certificate] {
        var all: [Certificate] = []
        for member in CertificateAuthority.Member.allCases {
            all.append(try Self.certificate(member.rawValue + ".pem", try certificate(member)))
        }
        for file in CertificateFile.allCases {
            all.append(try Self.certificate(file.rawValue, try certificate(file)))
        }
        return all
    }

    private static func certificate(_ name: String, _ der: [UInt8]) throws(StateError) -> Certificate {
        let digest = try computing { () throws(CryptographyError) in try DigestAlgorithm.sha256.hash(der) }
        return Certificate(name: name, fingerprint: digest)
    }

    /// Writes what AMD's key server would answer for this chip into `folder`, under the paths of its requests: chains in
    /// PEM, the list and the certificates of VCEK and VLEK in DER.
    ///
    /// Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", section 4.
    /// - Returns: the paths, below `folder`.
    @discardableResult
    public func export(to folder: String) throws(StateError) -> [String] {
        let platform = description.platform
        let product = platform.generation.rawValue
        let levels = platform.reportedTCB.components(for: platform.generation)
        let fmc = levels.fmc.map { "fmcSPL=\($0)&" } ?? ""
        let query =
            fmc + "blSPL=\(levels.bootLoader)&teeSPL=\(levels.tee)&snpSPL=\(levels.snp)&ucodeSPL=\(levels.microcode)"
        let (vcek, vlek) = ("vcek/v1/" + product + "/", "vlek/v1/" + product + "/")
        let list = try certificate(.revocationList)
        let files: [(path: String, bytes: [UInt8])] = [
            (vcek + "cert_chain", try chain(layout.chain)), (vcek + "crl", list),
            (vcek + Hexadecimal.encode(description.chipID) + "?" + query, try certificate(.vcek)),
            (vlek + "cert_chain", try chain(layout.vlekChain)), (vlek + "crl", list),
            (vlek + "cert?" + query, try certificate(.vlek)),
        ]
        for (path, bytes) in files {
            let target = folder + "/" + path
            try SNPEmulator.files { () throws(FileError) in
                try FileBytes.makeDirectories(above: target, mode: 0o755)
                try FileBytes.replace(target, with: bytes, mode: 0o644)
            }
        }
        return files.map { $0.path }
    }

    private func chain(_ path: String) throws(StateError) -> [UInt8] {
        try SNPEmulator.files { () throws(FileError) in try FileBytes.read(path, limit: 1 << 16) }
    }
}
