internal import Cryptography

extension AttackedMachine {
    /// The enrolment's; the passphrase has the one before.
    private static let sealedKeyslot = 1

    private static let putHeader = "dd if=header of=volume conv=notrunc status=none\n"

    /// As soon as the TPM has unsealed, while the guest still waits for the answer: it is in the recording first.
    private static let putHeaderLate = #"""
        (for turn in $(seq 3000); do
            if [ -e bus ] && grep -qaP '\x00\x00\x01\x5e[\x80\x81]' bus; then exec \#(putHeader)fi
            sleep 0.02
        done) >log 2>&1 &
        """#

    func forge(_ change: HeaderForgery.Change, isLate: Bool) throws(AttackRunError) {
        var header = HeaderForgery(try read("volume", limit: 1 << 26))
        guard header?.apply(change) == true, let bytes = header?.bytes else {
            throw .failed(step: "forging the header", status: 1, message: change.path)
        }
        try write(bytes, to: "header")
        try shell.succeed(isLate ? Self.putHeaderLate : Self.putHeader, step: "forging the header")
    }

    /// Has the sealed keyslot give out a volume key that the host knows.
    func chooseKey() throws(AttackRunError) {
        let step = "choosing the volume key"
        var header = HeaderForgery(try read("volume", limit: 1 << 26))
        let offset: Int?
        let material: [UInt8]
        do throws(CryptographyError) {
            offset = try header?.putChosenKey(intoKeyslot: Self.sealedKeyslot)
            material = try ChosenKey.material()
        } catch { throw .failed(step: step, status: 1, message: error.description) }
        guard let offset, let bytes = header?.bytes else {
            throw .failed(step: step, status: 1, message: "the header has no such keyslot")
        }
        try write(bytes, to: "header")
        try write(material, to: "material")
        try shell.succeed(
            Self.putHeader + "dd if=material of=volume bs=512 seek=\(offset / 512) conv=notrunc status=none", step: step
        )
    }
}
