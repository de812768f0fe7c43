internal import BoundedBytes
public import JSON
public import SNPABI
internal import SecureProcessor

extension ChipDescription {
    /// For programs: the members of chip.json.
    public var report: JSONValue { json }

    /// For people: a line a fact.
    public var lines: [String] {
        let yes: (Bool) -> String = { $0 ? "yes" : "no" }
        let levels: (TCBVersion, FirmwareVersion?) -> String = { [platform] tcb, firmware in
            platform.text(tcb) + (firmware.map { "  firmware " + $0.description } ?? "")
        }
        return [
            "chip " + platform.generation.rawValue + " " + Hexadecimal.encode(chipID),
            "current   " + levels(platform.currentTCB, platform.currentFirmware),
            "committed " + levels(platform.committedTCB, platform.committedFirmware),
            "reported  " + levels(platform.reportedTCB, nil),
            "chip id masked " + yes(platform.isChipIDMasked) + ", chip key masked " + yes(platform.isChipKeyMasked),
            "VLEK of " + provider + " loaded " + yes(isVLEKLoaded),
            "revoked " + (revoked.isEmpty ? "nobody" : revoked.map { $0.rawValue }.joined(separator: ", ")),
        ]
    }
}

extension PlatformState {
    /// The components by the short names that the command line takes.
    func text(_ tcb: TCBVersion) -> String {
        let levels = tcb.components(for: generation)
        return (levels.fmc.map { "fmc=\($0)," } ?? "")
            + "bl=\(levels.bootLoader),tee=\(levels.tee),snp=\(levels.snp),ucode=\(levels.microcode)"
    }
}

extension TCBComponents {
    /// These levels with some of them replaced: `bl=4,snp=24`. nil for a name that the processor has not, that comes
    /// twice, or a number above 255.
    public func replacing(_ text: String) -> TCBComponents? {
        var result = self
        var seen: Set<Substring> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, pair[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let level = UInt8(pair[1]),
                seen.insert(pair[0]).inserted
            else { return nil }
            switch pair[0] {
            case "fmc" where fmc != nil: result.fmc = level
            case "bl": result.bootLoader = level
            case "tee": result.tee = level
            case "snp": result.snp = level
            case "ucode": result.microcode = level
            default: return nil
            }
        }
        return result
    }
}
