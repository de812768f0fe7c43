import BoundedBytes
import Cryptography
import Foundation
import TestSupport
import Testing

/// AMD's own certificates and lists, as an independent reader found them.
@Suite(.enabled(if: SharedData.isPresent)) struct EndorsementCertificateTests {
    private static func certificates(_ file: String) throws -> [[UInt8]] {
        let bytes = try SharedData.bytes("snp/certs/" + file)
        return file.hasSuffix(".der") ? [bytes] : try #require(PEMBundle.parse(bytes)).map(\.contents)
    }

    private static func expected() throws -> [String: [[String: Any]]] {
        let data = Data(try SharedData.bytes("snp/certs/certs.expected.json"))
        let files = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        return files.mapValues { $0 as? [[String: Any]] ?? ($0 as? [String: Any]).map { [$0] } ?? [] }
    }

    private static func seconds(_ text: Any?) -> Int64? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ssXXX"
        return (text as? String).flatMap { formatter.date(from: $0) }.map { Int64($0.timeIntervalSince1970) }
    }

    @Test func readsEveryField() throws {
        var count = 0
        for (file, entries) in try Self.expected() {
            for (expected, bytes) in zip(entries, try Self.certificates(file)) {
                let certificate = try readCertificate(bytes)
                #expect(certificate.subject.commonName == expected["subject_cn"] as? String)
                #expect(certificate.issuer.commonName == expected["issuer_cn"] as? String)
                #expect("0x" + certificate.serialNumber == expected["serial"] as? String)
                #expect(certificate.validity?.notBefore == Self.seconds(expected["not_before"]))
                #expect(certificate.validity?.notAfter == Self.seconds(expected["not_after"]))
                let fingerprint = Hexadecimal.encode(try certificate.fingerprint())
                #expect(fingerprint == expected["sha256_fingerprint_der"] as? String)
                let isCurve = expected["key"] as? String == "EC P-384"
                #expect(certificate.keyKind == (isCurve ? .ellipticP384 : .rsa(bits: 4096)))
                #expect(certificate.isAuthority == !isCurve)
                #expect(certificate.hasUnknownCriticalExtension == false)
                count += 1
            }
        }
        #expect(count == 22)
    }

    @Test(arguments: ["milan", "genoa", "turin"])
    func anIntermediateIsSignedByItsRootAndByNoOther(_ generation: String) throws {
        for kind in ["vcek", "vlek"] {
            let chain = try Self.certificates("\(generation)_\(kind)_chain.pem")
            let (intermediate, root) = (chain[0], chain[1])
            #expect(try names(intermediate, asIssuer: root) && isSigned(intermediate, by: root))
            #expect(try names(root, asIssuer: root) && isSigned(root, by: root))
            #expect(try !names(intermediate, asIssuer: intermediate) && !isSigned(intermediate, by: intermediate))
            #expect(try !isSigned(root, by: intermediate))
            let pathLength = try readCertificate(intermediate).pathLength
            #expect(pathLength == 0)
            for other in ["milan", "genoa", "turin"] where other != generation {
                let foreign = try Self.certificates("\(other)_ark.pem")[0]
                #expect(try !isSigned(intermediate, by: foreign) && !names(intermediate, asIssuer: foreign))
            }
        }
    }

    @Test func aChangedCertificateIsNotSigned() throws {
        let intermediate = try Self.certificates("milan_ask.pem")[0]
        let genuine = try SharedData.bytes("snp/certs/milan_vcek_automata.der")
        #expect(try isSigned(genuine, by: intermediate))
        for name in ["negative_vcek_modified_octethwid.der", "negative_vcek_modified_rawhwid.der"] {
            let forged = try SharedData.bytes("snp/certs/" + name)
            #expect(try names(forged, asIssuer: intermediate) && !isSigned(forged, by: intermediate))
        }
        // Every byte of the part that is signed, and of the signature.
        for index in stride(from: 0, to: genuine.count, by: 7) {
            var changed = genuine
            changed[index] ^= 1
            let isAccepted = (try? isSigned(changed, by: intermediate)) ?? false
            #expect(!isAccepted, "byte \(index)")
        }
    }

    @Test func readsTheExtensionsOfAChip() throws {
        let chip = try readCertificate(try SharedData.bytes("snp/certs/turin_vcek_only.der"))
        let arc = "1.3.6.1.4.1.3704.1."
        #expect(
            chip.extensions.map(\.identifier)
                == ["1", "2", "3.9", "3.1", "3.2", "3.3", "3.5", "3.6", "3.7", "3.8", "4"].map { arc + $0 })
        #expect(chip.extensions[9].value == [0x02, 0x01, 0x09])
        #expect(chip.extensions[10].value.count == 8)
        #expect(chip.extensions.allSatisfy { !$0.isCritical })
    }

    /// Dates and serials as `openssl crl` prints them.
    @Test func aRevocationListSaysWhoIsRevoked() throws {
        let list = try readList(try SharedData.bytes("snp/crl/ARK-Genoa.crl.der"))
        #expect(list.issuer.commonName == "ARK-Genoa")
        #expect(list.validity == X509Certificate.Validity(notBefore: 1_667_223_286, notAfter: 1_698_793_200))
        let root = try readCertificate(try Self.certificates("genoa_ark.pem")[0])
        let genuine = (list.names(asIssuer: root), list.isSigned(by: root))
        #expect(genuine == (true, true))
        let other = try readCertificate(try Self.certificates("milan_ark.pem")[0])
        let foreign = (list.names(asIssuer: other), list.isSigned(by: other))
        #expect(foreign == (false, false))
        // Revoked is 0x20001, the intermediate before this one.
        let intermediate = try readCertificate(try Self.certificates("genoa_ask.pem")[0])
        let isListed = list.lists(intermediate)
        #expect(!isListed)
        let bytes = try SharedData.bytes("snp/crl/ARK-Genoa.crl.der")
        for length in 0..<bytes.count { #expect(!isList(Array(bytes.prefix(length))), "cut to \(length) bytes") }
        #expect(isList(bytes) && !isList(bytes + [0]))
    }

    private func isList(_ bytes: [UInt8]) -> Bool {
        guard RevocationList.parse(bytes) != nil else { return false }
        return true
    }
}
