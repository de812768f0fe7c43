import Foundation
import JSON

/// A token written by hand after architecture.md, 4.1, and changes to it. JSON is changed by Foundation.
enum TokenSample {
    /// TPM2B_PUBLIC and TPM2B_PRIVATE in Base64: `printf '\0\10pubarea1' | base64` and the like.
    static let parentPublic = "AAhwdWJhcmVhMQ=="
    static let objectPublic = "AAhwdWJhcmVhMg=="
    static let objectPrivate = "AAdwcml2YXRl"
    static let name = "000b" + String(repeating: "a1", count: 32)
    static let policyDigest = String(repeating: "b2", count: 32)
    static let pcr4 = String(repeating: "04", count: 32)
    static let pcr7 = String(repeating: "07", count: 32)
    static let mac = String(repeating: "c3", count: 32)
    static let keyID = String(repeating: "d4", count: 32)

    static let text = """
        {"type":"sealroot","keyslots":["1"],"version":1,"tpm2":{\
        "parent":{"handle":"0x81000002","name":"\(name)","public":"\(parentPublic)"},\
        "object":{"public":"\(objectPublic)","private":"\(objectPrivate)"},\
        "policies":[{"label":"6.1.0-44","bank":"sha256","pcrs":[4,7],"digest":"\(policyDigest)",\
        "values":{"4":"\(pcr4)","7":"\(pcr7)"}}]},\
        "header_mac":"\(mac)","volume_key_id":"\(keyID)"}
        """

    /// With an authority, a counter and a second factor; 32 bytes of 0xE5, and 64 of 0xF6, in Base64.
    static let reference = base64([UInt8](repeating: 0xE5, count: 32))
    static let signature = base64([UInt8](repeating: 0xF6, count: 64))

    static let signedText = """
        {"type":"sealroot","keyslots":["1"],"version":1,"tpm2":{\
        "parent":{"handle":"0x81000002","name":"\(name)","public":"\(parentPublic)"},\
        "object":{"public":"\(objectPublic)","duplicate":"\(objectPrivate)","seed":"AARzZWVk"},\
        "authority":{"public":"\(parentPublic)","ref":"\(reference)"},"counter":"0x1805ea0",\
        "policies":[{"label":"6.1.0-44","bank":"sha256","pcrs":[4],"digest":"\(policyDigest)",\
        "values":{},"count":7,"signature":"\(signature)"}]},\
        "snp":{"root_key":"vcek","fields":["policy","measurement"],"vmpl":1,"guest_svn":2,\
        "tcb_version":"db18000000000004"},"header_mac":"\(mac)","volume_key_id":"\(keyID)"}
        """

    /// The sample with the member at `path` set to a JSON text, or removed. A number in the path is an index.
    static func changed(_ path: String, of text: String = text, to json: String?) throws -> JSONValue {
        let value = try json.map { try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed) }
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let changed = replacing(path.split(separator: "/").map(String.init)[...], in: root, with: value)
        return try JSONValue(parsing: Array(JSONSerialization.data(withJSONObject: changed)))
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private static func replacing(_ path: ArraySlice<String>, in value: Any, with new: Any?) -> Any {
        guard let name = path.first else { return new ?? NSNull() }
        if var list = value as? [Any], let index = Int(name), list.indices.contains(index) {
            list[index] = replacing(path.dropFirst(), in: list[index], with: new)
            return list
        }
        var object = value as? [String: Any] ?? [:]
        object[name] =
            path.count == 1 ? new : replacing(path.dropFirst(), in: object[name] ?? [String: Any](), with: new)
        return object
    }
}
