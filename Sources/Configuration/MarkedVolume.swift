internal import BoundedBytes

/// The volume that `/etc/crypttab` marks as Sealroot's, by the option `sealroot`.
///
/// Source: crypttab(5), lines of name, device, key and options, the last with commas between.
struct MarkedVolume {
    static let option = "sealroot"

    let mapping: String
    /// A path.
    let device: String

    /// - Returns: nil where no line has the option; what the other lines say is nobody's business here.
    /// - Throws: `.doubledMark` where two have it, `.mark` where its name or device is none that the configuration knows.
    static func find(in crypttab: [UInt8]) throws(ConfigurationError) -> MarkedVolume? {
        var found: MarkedVolume?
        var number = 0
        for line in TextLines(crypttab[...]) {
            number += 1
            let fields = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard fields.count >= 4, fields[0].first != 0x23,
                fields[3].split(separator: 0x2C).contains(where: { $0.elementsEqual(option.utf8) })
            else { continue }
            guard found == nil else { throw ConfigurationError(.doubledMark) }
            guard let mapping = text(fields[0], GuestConfiguration.mappingName),
                let device = text(fields[1], GuestConfiguration.devicePath)
            else { throw ConfigurationError(.mark(line: number)) }
            found = MarkedVolume(mapping: mapping, device: device)
        }
        return found
    }

    private static func text(_ field: ArraySlice<UInt8>, _ rule: GuestConfiguration.Rule<String>) -> String? {
        String(validating: field, as: UTF8.self).flatMap(rule.parse)
    }
}

extension GuestConfiguration {
    /// The text of a configuration that says the same without `/etc/crypttab`: the lines from there come last.
    public static func completing(_ text: [UInt8], crypttab: [UInt8]) throws(ConfigurationError) -> [UInt8] {
        let whole = try GuestConfiguration(parsing: text, crypttab: crypttab)
        let fields = try ConfigurationFields(parsing: text)
        var completed = text
        if completed.last != 0x0A { completed.append(0x0A) }
        if !fields.has("device") { completed += Array(("device = " + whole.device + "\n").utf8) }
        if !fields.has("mapping") { completed += Array(("mapping = " + whole.mapping + "\n").utf8) }
        return completed
    }
}
