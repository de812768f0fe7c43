import JSON
import TestSupport

/// Sealing to this machine's TPM as somebody does who has its public key alone.
extension InstalledMachine {
    /// The machine's storage key as its owner publishes it; the TPM then keeps none.
    func publishKey(_ algorithm: String) throws {
        let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt"
        try tpm.succeed("tpm2_createprimary", "-G", algorithm, "-a", attributes, "-c", "primary.ctx")
        try tpm.succeed("tpm2_readpublic", "-c", "primary.ctx", "-o", "srk.pub")
        try tpm.succeed("tpm2_readpublic", "-c", "primary.ctx", "-f", "pem", "-o", "srk.pem")
        try tpm.succeed("tpm2_flushcontext", "-t")
    }

    /// The endorsement key, as its manufacturer or a cloud publishes it.
    func publishEndorsementKey(_ algorithm: String) throws {
        try tpm.succeed("tpm2_createek", "-G", algorithm, "-c", "ek.ctx", "-u", "ek.pub")
        try tpm.succeed("tpm2_flushcontext", "-t")
    }

    /// The file with what is predicted for the files as they are.
    func recordPrediction() throws -> String {
        let result = try machine.sealroot(["predict", "--json"] + system)
        try tpm.write(result.output, to: "prediction")
        return tpm.path("prediction")
    }

    /// As on a machine without any TPM.
    func seal(to file: String, _ arguments: [String] = []) throws -> CommandResult {
        try machine.sealroot(
            [
                "enroll", machine.volume.path, "--key-file", machine.volume.keyFile, "--seal-to", tpm.path(file),
                "--prediction", try recordPrediction(), "--tcti", "none",
            ] + arguments)
    }
}
