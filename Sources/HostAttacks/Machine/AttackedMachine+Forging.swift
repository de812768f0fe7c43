extension AttackedMachine {
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
}
