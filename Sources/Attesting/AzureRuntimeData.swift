internal import BoundedBytes
internal import Cryptography
internal import JSON
internal import TPM

/// What Azure's paravisor vouches for with its report: JSON that names, among others, the TPM's attestation key.
///
/// Source: Microsoft Learn, "Azure confidential VMs guest attestation design", runtime data; RFC 7517 for its keys.
enum AzureRuntimeData {
    /// Where Azure keeps the key.
    static let attestationKeyHandle: UInt32 = 0x8100_0003
    private static let name = "HCLAkPub"
    private static let mostValues = 1 << 10

    static func attestationKey(in bytes: [UInt8]) throws(AttestingError) -> AttestationKey {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes, mostValues: mostValues) } catch {
            throw .runtimeData("JSON: " + error.description)
        }
        let found = (json["keys"]?.array ?? []).filter { $0["kid"]?.string == name }
        guard let key = found.first, found.count == 1 else { throw .runtimeData("exactly one key " + name) }
        guard key["kty"]?.string == "RSA", key["e"]?.string == "AQAB", let text = key["n"]?.string,
            let modulus = base64URL(text), let verifying = RSAVerifyingKey(modulus: modulus)
        else { throw .runtimeData("an RSA-2048 key " + name) }
        return .rsa(verifying)
    }

    /// Source: RFC 7515, appendix C: the alphabet of URLs, without padding.
    private static func base64URL(_ text: String) -> [UInt8]? {
        var characters: [UInt8] = []
        for character in text.utf8 {
            switch character {
            case 0x2D: characters.append(0x2B)
            case 0x5F: characters.append(0x2F)
            // Not of that alphabet.
            case 0x2B, 0x2F, 0x3D: return nil
            default: characters.append(character)
            }
        }
        while characters.count % 4 != 0 { characters.append(0x3D) }
        return Base64.decode(String(decoding: characters, as: UTF8.self))
    }
}
