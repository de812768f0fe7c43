internal import Cryptography
internal import SNPABI
internal import Secrets

extension AttackedMachine {
    /// Options of `snp-emulator exec` with the ID block that the owner signs for that firmware, and its two files.
    func identify(_ firmware: String, on chip: String) throws(AttackRunError) -> [String] {
        let digest = try launchDigest(of: firmware, on: chip)
        let block = IDBlock(launchDigest: digest, policy: GuestPolicy(rawValue: 0x30000)).encoded()
        let authentication: IDAuthentication
        do throws(CryptographyError) {
            let key = try P384SigningKey.derive(from: try Random.secret(count: P384SigningKey.seedByteCount))
            let (r, s) = try key.sign(block)
            authentication = IDAuthentication(
                idKey: SigningPublicKey(x: key.x, y: key.y), blockSignature: ReportSignature(r: r, s: s))
        } catch { throw .failed(step: "signing the ID block", status: 1, message: error.description) }
        try write(block, to: "id-block")
        try write(authentication.encoded(), to: "id-auth")
        return ["--id-block", "id-block", "--id-auth", "id-auth"]
    }
}
