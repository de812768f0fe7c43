internal import Cryptography
internal import SNPABI
internal import Secrets

extension AttackedMachine {
    /// Options of `snp-emulator exec` with the ID block that the owner signs for that firmware, and its two files.
    /// One that was signed already stays.
    ///
    /// - Returns: also the SHA-384 of the key, 48 bytes, as policies name it.
    func identify(
        _ firmware: String, on chip: String
    ) throws(AttackRunError) -> (options: [String], keyDigest: [UInt8]) {
        let options = ["--id-block", "id-block", "--id-auth", "id-auth"]
        if try shell.run(["test", "-e", "id-key"]).status == 0 { return (options, try read("id-key", limit: 48)) }
        let launch = try launchDigest(of: firmware, on: chip)
        let block = IDBlock(launchDigest: launch, policy: GuestPolicy(rawValue: 0x30000)).encoded()
        let authentication: IDAuthentication
        let digest: [UInt8]
        do throws(CryptographyError) {
            let key = try P384SigningKey.derive(from: try Random.secret(count: P384SigningKey.seedByteCount))
            let (r, s) = try key.sign(block)
            authentication = IDAuthentication(
                idKey: SigningPublicKey(x: key.x, y: key.y), blockSignature: ReportSignature(r: r, s: s))
            digest = try authentication.idKey.digest()
        } catch { throw .failed(step: "signing the ID block", status: 1, message: error.description) }
        try write(block, to: "id-block")
        try write(authentication.encoded(), to: "id-auth")
        try write(digest, to: "id-key")
        return (options, digest)
    }
}
