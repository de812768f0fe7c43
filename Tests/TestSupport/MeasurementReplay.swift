import Foundation

/// What PCRs hold after a log of measurements, computed by python3, which shares no code with us.
public enum MeasurementReplay {
    /// Reads the log as systemd 255 and later write it: RFC 7464 records, each of the members that they have.
    private static let script = """
        import hashlib, json, sys
        data = open(sys.argv[1], "rb").read()
        first, *records = data.split(b"\\x1e")
        assert first == b"", "bytes before the first record separator"
        values = {}
        for record in records:
            assert record.endswith(b"\\n") and record.count(b"\\n") == 1, record
            entry = json.loads(record)
            assert set(entry) == {"pcr", "digests", "content_type", "content"}, entry
            assert entry["content_type"] == "systemd"
            assert set(entry["content"]) - {"eventType"} == {"string", "bootId", "timestamp"}, entry
            assert entry["content"]["bootId"] == open("/proc/sys/kernel/random/boot_id").read().strip().replace("-", "") \\
                or len(sys.argv) > 2
            for digest in entry["digests"]:
                assert set(digest) == {"hashAlg", "digest"}, digest
                name = digest["hashAlg"]
                key = (name, entry["pcr"])
                old = values.get(key, bytes(hashlib.new(name).digest_size))
                assert len(digest["digest"]) == 2 * len(old)
                values[key] = hashlib.new(name, old + bytes.fromhex(digest["digest"])).digest()
        for (name, pcr), value in sorted(values.items()): print(f"{name}:{pcr} {value.hex()}")
        """

    /// Values in hexadecimal by bank and PCR, such as `sha256:12`.
    ///
    /// - Parameter isOfThisBoot: false for a log that comes from another machine.
    public static func values(ofLogAt path: String, isOfThisBoot: Bool = true) throws -> [String: String] {
        let result = try Command.run(["python3", "-c", script, path] + (isOfThisBoot ? [] : ["elsewhere"]))
        guard result.status == 0 else { throw CommandFailure(description: result.errorText) }
        return parse(result.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) })
    }

    private static func parse(_ lines: [[String]]) -> [String: String] {
        Dictionary(lines.compactMap { $0.count == 2 ? ($0[0], $0[1]) : nil }) { first, _ in first }
    }
}

extension SoftwareTPM {
    /// What `pcrs` hold in all active banks, by tpm2-tools, in the form of `MeasurementReplay`. PCRs that are zero
    /// are left out.
    public func values(of pcrs: [Int]) throws -> [String: String] {
        try Self.values(in: succeed("tpm2_pcrread").text, of: pcrs)
    }

    /// Reads what tpm2_pcrread printed.
    public static func values(in text: String, of pcrs: [Int]) -> [String: String] {
        var values: [String: String] = [:]
        var bank = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            guard let name = words.first else { continue }
            if words.count == 1 { bank = String(name) }
            guard words.count == 2, let pcr = Int(name), pcrs.contains(pcr) else { continue }
            let digits = words[1].dropFirst(2).lowercased()
            if digits.contains(where: { $0 != "0" }) { values["\(bank):\(pcr)"] = digits }
        }
        return values
    }
}
