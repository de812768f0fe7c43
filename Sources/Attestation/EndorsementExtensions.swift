internal import BoundedBytes
internal import Cryptography
internal import SNPABI

/// What the certificate of a VCEK or VLEK says about the key: for which chip and which TCB it was derived.
///
/// Source: AMD 57230, "VCEK Certificate and KDS Interface Specification", sections 3 and 4; real certificates for the
/// VLEK's and Turin's.
struct EndorsementExtensions {
    let kind: EndorsementKey
    let structVersion: UInt64
    /// Such as `Milan-B0`; untrusted text until the chain is checked.
    let productName: String
    let generation: ProcessorGeneration
    let tcb: TCBVersion
    /// As long as CHIP_ID; of a VCEK only.
    let hardwareID: [UInt8]?
    /// The cloud provider; of a VLEK only.
    let cspID: String?

    private static let arc = "1.3.6.1.4.1.3704.1."

    /// - Throws: the name of the extension that is missing, doubled or malformed.
    init(_ certificate: borrowing X509Certificate) throws(ExtensionDefect) {
        var unread: [(name: String, value: [UInt8])] = []
        for entry in certificate.extensions where entry.identifier.hasPrefix(Self.arc) {
            unread.append((String(entry.identifier.dropFirst(Self.arc.utf8.count)), entry.value))
        }
        func optional<Value>(_ name: String, _ read: ([UInt8]) -> Value?) throws(ExtensionDefect) -> Value? {
            guard let index = unread.firstIndex(where: { $0.name == name }) else { return nil }
            let bytes = unread.remove(at: index).value
            guard let value = read(bytes), !unread.contains(where: { $0.name == name }) else {
                throw ExtensionDefect(name)
            }
            return value
        }
        func value<Value>(_ name: String, _ read: ([UInt8]) -> Value?) throws(ExtensionDefect) -> Value {
            guard let value = try optional(name, read) else { throw ExtensionDefect(name) }
            return value
        }
        structVersion = try value("1", DERValue.integer)
        productName = try value("2", DERValue.ia5String)
        guard let generation = Self.generation(ofProduct: productName) else { throw ExtensionDefect("2") }
        self.generation = generation
        var levels: UInt64 = 0
        for (index, name) in Self.levels(of: generation).enumerated() {
            guard let level = UInt8(exactly: try value(name, DERValue.integer)) else { throw ExtensionDefect(name) }
            levels |= UInt64(level) << UInt64(8 * index)
        }
        tcb = TCBVersion(rawValue: levels)
        let length = generation.chipIDByteCount
        hardwareID = try optional("4") { bytes in Self.hardwareID(bytes, length: length) }
        cspID = try optional("5", DERValue.ia5String)
        // A level that is not known could not be compared.
        for entry in unread where entry.name.hasPrefix("3.") { throw ExtensionDefect(entry.name) }
        switch (hardwareID, cspID) {
        case (.some, nil): kind = .vcek
        case (nil, .some): kind = .vlek
        default: throw ExtensionDefect("4")
        }
    }

    /// `Milan-B0` and `Milan` are Milan.
    private static func generation(ofProduct name: String) -> ProcessorGeneration? {
        ProcessorGeneration(rawValue: String(decoding: name.utf8.prefix { $0 != 0x2D }, as: UTF8.self))
    }

    /// The extensions of the security patch levels, in the order of the bytes of TCB_VERSION.
    private static func levels(of generation: ProcessorGeneration) -> [String] {
        switch generation {
        case .milan, .genoa: ["3.1", "3.2", "3.4", "3.5", "3.6", "3.7", "3.3", "3.8"]
        case .turin: ["3.9", "3.1", "3.2", "3.3", "3.5", "3.6", "3.7", "3.8"]
        }
    }

    /// AMD's stand in the extension without DER; an OCTET STRING is accepted, too.
    private static func hardwareID(_ bytes: [UInt8], length: Int) -> [UInt8]? {
        let identifier = bytes.count == length ? bytes : DERValue.octetString(bytes)
        guard let identifier, identifier.count == length else { return nil }
        return identifier + [UInt8](repeating: 0, count: 64 - length)
    }

    /// What a certificate of this generation has as structVersion.
    var expectedStructVersion: UInt64 { generation == .turin ? 1 : 0 }
}

/// The extension, by the end of its object identifier, that is not as AMD's.
struct ExtensionDefect: Error {
    let name: String

    init(_ name: String) { self.name = name }
}
