/// Subjects and issuers of the emulated hierarchy.
///
/// Attributes, their order and their coding are those of AMD's certificates. Common names are AMD's, too, since they tell
/// a verifier the product line; organisation and unit say that nothing here is AMD's.
enum DistinguishedName {
    static let organization = "Sealroot Emulated Devices"
    static let unit = "Emulated"

    static func encode(commonName: String) -> [UInt8] {
        let attributes: [(arc: UInt32, value: [UInt8])] = [
            (11, DER.utf8(unit)), (6, DER.printable("US")), (7, DER.utf8("Santa Clara")), (8, DER.utf8("CA")),
            (10, DER.utf8(organization)), (3, DER.utf8(commonName)),
        ]
        return DER.sequence(
            of: attributes.map { DER.set(DER.sequence(DER.identifier([2, 5, 4, $0.arc]), $0.value)) })
    }
}
