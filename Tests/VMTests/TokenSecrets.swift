import Foundation
import JSON
import TestSupport
import Testing

/// What a volume's token has sealed, told by tpm2-tools and openssl: in a guest of `snp-emulator exec` with the same launch,
/// a copy of the vTPM and the PCRs of the same boot.
struct TokenSecrets {
    /// 32 bytes.
    let sealed: [UInt8]
    /// All that the unlock derives from it, 32 bytes each, by their labels.
    let derived: [(label: String, bytes: [UInt8])]

    private static let firmware = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
    private static let template = buildFolder + "/../Packaging/templates/ovmf-debian12-secureboot.json"

    /// - Parameters:
    ///   - token: JSON of the token, as cryptsetup exports it.
    ///   - state: name of the chip's folder in `scratch`; it stays as it is.
    init(of token: String, disk: String, state: String, _ scratch: Scratch) throws {
        let folder = "unseal-" + UUID().uuidString
        try scratch.shell("mkdir \(folder) && cp -a \(state) \(folder)/state")
        try Self.write(JSONValue(parsing: token), to: folder, scratch)
        try scratch.write(Array(Self.script.utf8), to: folder + "/script")
        try scratch.shell(
            """
            '\(Scratch.product("snp-emulator").path)' exec --state \(folder)/state --ovmf \(Self.firmware) \
                --image '\(disk)' --template '\(Self.template)' -- sh \(folder)/script \(folder)
            """)
        sealed = try scratch.bytes(folder + "/secret")
        try #require(sealed.count == 32)
        var derived: [(label: String, bytes: [UInt8])] = []
        for label in ["keyslot passphrase", "header authentication", "volume key identity"] {
            try scratch.shell(
                """
                openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:$(xxd -p -c 32 \(folder)/secret) \
                    -kdfopt info:'sealroot v1 \(label)' -binary -out \(folder)/derived HKDF
                """)
            derived.append((label, try scratch.bytes(folder + "/derived")))
        }
        self.derived = derived
    }

    /// The parts of the token, in the forms in which tpm2-tools read them.
    private static func write(_ token: JSONValue, to folder: String, _ scratch: Scratch) throws {
        func put(_ bytes: [UInt8], _ name: String) throws { try scratch.write(bytes, to: folder + "/" + name) }
        let tpm = try #require(token["tpm2"])
        let object = try #require(tpm["object"])
        try put(base64(object["public"]), "object.pub")
        if object["private"] != nil {
            try put(base64(object["private"]), "object.priv")
        } else {
            try put(base64(object["duplicate"]), "object.dup")
            try put(base64(object["seed"]), "object.seed")
        }
        let reference = try base64(tpm["authority"]?["ref"])
        try put(base64(tpm["authority"]?["public"]), "authority.pub")
        try put(reference, "reference")
        let policy = try #require(tpm["policies"]?.array?.first)
        let text = Array(try #require(policy["digest"]?.string))
        let digest = stride(from: 0, to: text.count, by: 2).compactMap { UInt8(String(text[$0..<$0 + 2]), radix: 16) }
        try put(digest, "policy")
        try put(digest + reference, "message")
        // TPMT_SIGNATURE: ECDSA with SHA-256, then r and s with their lengths.
        let signature = try base64(policy["signature"])
        try put(
            [0x00, 0x18, 0x00, 0x0B, 0x00, 0x20] + signature.prefix(32) + [0x00, 0x20] + signature.suffix(32),
            "signature")
    }

    private static func base64(_ value: JSONValue?) throws -> [UInt8] {
        let text = try #require(value?.string)
        return Array(try #require(Data(base64Encoded: text)))
    }

    private static let script = """
        set -eu
        cd "$1"
        tpm2_createprimary -Q -G ecc -c primary \\
            -a "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
        tpm2_flushcontext -t
        [ -e object.priv ] || tpm2_import -Q -C primary -u object.pub -i object.dup -s object.seed -r object.priv
        tpm2_flushcontext -t
        tpm2_load -Q -C primary -u object.pub -r object.priv -c object
        tpm2_flushcontext -t
        tpm2_loadexternal -Q -C o -u authority.pub -c authority -n authority.name
        tpm2_verifysignature -Q -c authority -g sha256 -m message -s signature -t ticket
        tpm2_flushcontext -t
        tpm2_startauthsession -Q --policy-session -S session
        tpm2_policypcr -Q -S session -l sha256:4,7,8,9,12,14
        tpm2_policyauthorize -Q -S session -i policy -q reference -n authority.name -t ticket
        tpm2_unseal -Q -c object -p session:session -o secret
        """
}
