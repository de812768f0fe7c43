internal import BoundedBytes
internal import Cryptography
internal import InitramfsRuntime
internal import JSON
internal import Prediction

extension AttackedMachine {
    /// Makes a template of the usual firmware with changed variables: `host.der` is the host's certificate.
    ///
    /// - Returns: its path.
    func firmware(with change: VariableChange, of disk: BootDisk) throws(AttackRunError) -> String {
        let template: Template
        do throws(PredictionError) { template = try Template.read(disk.template ?? Template.standard) } catch {
            throw Self.fault(error.description)
        }
        let certificate = try read("host.der", limit: 1 << 16)
        let log: [UInt8]?
        let digest: [UInt8]
        do throws(CryptographyError) {
            log = try change.log(template.log, certificate: certificate)
            digest = try DigestAlgorithm.sha256.hash(log ?? [])
        } catch { throw Self.fault(error.description) }
        guard let log else { throw Self.fault("the log of \(template.name) has no such variable") }
        try write(log, to: "changed.bin")
        let description = JSONValue.object([
            JSONMember("version", .integer(1)), JSONMember("name", .string("changed")),
            JSONMember("firmware", .string(template.firmware)),
            JSONMember("firmware_blobs", .array(template.blobs.map { .string($0) })),
            JSONMember("log", .string("changed.bin")), JSONMember("log_sha256", .string(Hexadecimal.encode(digest))),
        ])
        try write(Array(description.compact.utf8), to: "changed.json")
        return folder.path + "/changed.json"
    }

    private static func fault(_ message: String) -> AttackRunError {
        .failed(step: "changing the firmware's variables", status: 1, message: message)
    }
}
