internal import BoundedBytes
internal import Cryptography
internal import Enrollment
internal import InitramfsRuntime
internal import JSON
internal import TPM

/// What `sealroot predict --json` printed, perhaps on another machine.
enum RecordedPrediction {
    private static let longest = 1 << 22

    /// The boot, with all PCRs of the SHA-256 bank that the prediction has.
    static func read(_ path: String) throws(CommandFailure) -> ExpectedBoot {
        let bytes = try CommandFailure.reading(path, limit: longest, area: "prediction")
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes) } catch {
            throw CommandFailure(code: .malformed, area: "prediction", detail: path + ": " + error.description)
        }
        var values: [PCRValue] = []
        for member in json["pcrs"]?[DigestAlgorithm.sha256.rawValue]?.members ?? [] {
            guard let index = Int(member.name), 0..<24 ~= index,
                let digest = member.value.string.flatMap(Hexadecimal.decode),
                digest.count == DigestAlgorithm.sha256.byteCount
            else {
                throw CommandFailure(
                    code: .malformed, area: "prediction", detail: path + ": pcrs.sha256 has a value that is none")
            }
            values.append(PCRValue(index: index, digest: digest))
        }
        guard !values.isEmpty else {
            throw CommandFailure(
                code: .malformed, area: "prediction", detail: path + " is not what 'sealroot predict --json' prints")
        }
        let title = json["entry"]?.array?.last?.string ?? "predicted boot"
        return ExpectedBoot(label: title, values: values.sorted { $0.index < $1.index })
    }
}
