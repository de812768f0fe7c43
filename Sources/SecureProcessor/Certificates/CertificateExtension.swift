internal import Cryptography
internal import SNPABI

/// One X.509 extension: its identifier and the bytes within its OCTET STRING.
struct CertificateExtension {
    let identifier: [UInt32]
    var isCritical = false
    let value: [UInt8]

    func encoded() -> [UInt8] {
        DER.sequence(DER.identifier(identifier), isCritical ? DER.yes : [], DER.octets(value))
    }
}

/// What the authorities' certificates and revocation lists carry, coded as in AMD's.
extension CertificateExtension {
    private static let standard: [UInt32] = [2, 5, 29]

    /// - Parameter keyIdentifier: SHA-1 of the RSAPublicKey (RFC 5280, 4.2.1.2, method 1).
    static func subjectKey(_ keyIdentifier: [UInt8]) -> CertificateExtension {
        CertificateExtension(identifier: standard + [14], value: DER.octets(keyIdentifier))
    }

    static func authorityKey(_ keyIdentifier: [UInt8]) -> CertificateExtension {
        CertificateExtension(identifier: standard + [35], value: DER.sequence(DER.element(0x80, keyIdentifier)))
    }

    static func authority(pathLength: UInt64?) -> CertificateExtension {
        let length = pathLength.map { DER.integer($0) } ?? []
        return CertificateExtension(identifier: standard + [19], isCritical: true, value: DER.sequence(DER.yes, length))
    }

    /// keyCertSign, and cRLSign for a root. AMD writes one unused bit in both.
    static func keyUsage(isRoot: Bool) -> CertificateExtension {
        CertificateExtension(
            identifier: standard + [15], isCritical: true, value: DER.element(0x03, [1, isRoot ? 0x06 : 0x04]))
    }

    static func revocationList(at address: String) -> CertificateExtension {
        let name = DER.element(0xA0, DER.element(0xA0, DER.element(0x86, Array(address.utf8))))
        return CertificateExtension(identifier: standard + [31], value: DER.sequence(DER.sequence(name)))
    }

    static func listNumber(_ number: UInt64) -> CertificateExtension {
        CertificateExtension(identifier: standard + [20], value: DER.integer(number))
    }
}

/// What the certificates of VCEK and VLEK carry: no standard extension, and AMD's own in the order of real ones.
///
/// Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", section 3; order and codings are those of real
/// certificates of Milan, Genoa and Turin.
extension CertificateExtension {
    private static let amd: [UInt32] = [1, 3, 6, 1, 4, 1, 3704, 1]

    static func endorsement(
        _ generation: ProcessorGeneration, product: String, tcb: TCBVersion
    ) -> [CertificateExtension] {
        let levels = tcb.components(for: generation)
        func level(_ number: UInt32, _ value: UInt8) -> CertificateExtension {
            CertificateExtension(identifier: amd + [3, number], value: DER.integer(UInt64(value)))
        }
        let version: UInt64 = generation == .turin ? 1 : 0
        let head = [
            CertificateExtension(identifier: amd + [1], value: DER.integer(version)),
            CertificateExtension(identifier: amd + [2], value: DER.ia5(product)),
        ]
        switch generation {
        case .milan, .genoa:
            return head + [level(1, levels.bootLoader), level(2, levels.tee)]
                + [4, 5, 6, 7].map { level($0, 0) } + [level(3, levels.snp), level(8, levels.microcode)]
        case .turin:
            return head + [level(9, levels.fmc ?? 0), level(1, levels.bootLoader), level(2, levels.tee)]
                + [level(3, levels.snp)] + [5, 6, 7].map { level($0, 0) } + [level(8, levels.microcode)]
        }
    }

    /// hwID: the chip's identifier, bare, without a DER header.
    static func hardware(_ chipID: [UInt8]) -> CertificateExtension {
        CertificateExtension(identifier: amd + [4], value: chipID)
    }

    /// cspID: whom the VLEK was given to.
    static func provider(_ name: String) -> CertificateExtension {
        CertificateExtension(identifier: amd + [5], value: DER.ia5(name))
    }
}
