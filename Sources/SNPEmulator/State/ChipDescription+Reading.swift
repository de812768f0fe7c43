internal import BoundedBytes
internal import JSON
public import SNPABI
internal import SecureProcessor

extension ChipDescription {
    private typealias Reader = ObjectReader<DescriptionError>

    /// Reads the file's text. Unknown and missing members are errors, and so is a state that no platform can be in.
    init(parsing bytes: [UInt8], path: String) throws(StateError) {
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes, mostValues: 256) } catch {
            throw .malformed(path, reason: error.description)
        }
        // Before anything else: a later version may look quite different.
        if let version = json["version"]?.integer, version != Self.version { throw .version(path, version) }
        do throws(DescriptionError) { try self.init(json) } catch { throw .malformed(path, reason: error.description) }
    }

    private init(_ json: JSONValue) throws(DescriptionError) {
        var reader = try Reader(json, at: "") { DescriptionError($0) }
        _ = try reader.number("version", in: Self.version...Self.version)
        guard let generation = ProcessorGeneration(rawValue: try reader.string("generation")) else {
            throw DescriptionError("generation", "unknown")
        }
        chipID = try reader.hexadecimal("chip_id", count: generation.chipIDByteCount)
        issued = try reader.number("issued", in: DescriptionError.times)
        platform = try Self.platform(generation, &reader)
        var vlek = try reader.object("vlek")
        provider = try vlek.string("provider")
        isVLEKLoaded = try vlek.flag("loaded")
        try vlek.finish()
        var list = try reader.object("crl")
        listNumber = try list.number("number", in: 1...Int64(UInt32.max))
        listIssued = try list.number("issued", in: DescriptionError.times)
        revoked = []
        for name in try list.strings("revoked") {
            guard let member = CertificateAuthority.Member(rawValue: name), member != .ark, !revoked.contains(member)
            else { throw DescriptionError("crl.revoked", "not ask or asvk, once") }
            revoked.append(member)
        }
        try list.finish()
        endorsementIssued = try reader.number("endorsement_issued", in: DescriptionError.times)
        var files = try reader.object("certificates")
        for file in CertificateFile.allCases { certificates[file] = try files.hexadecimal(file.rawValue, count: 32) }
        try files.finish()
        try reader.finish()
    }

    private static func platform(
        _ generation: ProcessorGeneration, _ reader: inout Reader
    ) throws(DescriptionError) -> PlatformState {
        var firmware = try reader.object("firmware")
        let (current, committed) = (try firmware.firmware("current"), try firmware.firmware("committed"))
        try firmware.finish()
        var tcbs = try reader.object("tcb")
        let currentTCB = try tcbs.tcb("current", generation)
        let committedTCB = try tcbs.tcb("committed", generation)
        let reportedTCB = try tcbs.tcb("reported", generation)
        try tcbs.finish()
        guard currentTCB.isAtLeast(committedTCB), committedTCB.isAtLeast(reportedTCB) else {
            throw DescriptionError("tcb", "reported above committed, or committed above current")
        }
        let information = PlatformInfo(rawValue: try reader.prefixed("platform_info"))
        var platform = PlatformState(generation, firmware: current, tcb: currentTCB, information: information)
        platform.committedFirmware = committed
        platform.committedTCB = committedTCB
        platform.reportedTCB = reportedTCB
        platform.mitigations = try reader.prefixed("mitigations")
        platform.isChipIDMasked = try reader.flag("mask_chip_id")
        platform.isChipKeyMasked = try reader.flag("mask_chip_key")
        return platform
    }
}

/// Which member of chip.json is wrong, and how.
struct DescriptionError: Error, CustomStringConvertible {
    /// From 1970 to the end of the year 9000, so that certificates of 25 years have a date.
    static let times: ClosedRange<Int64> = 0...221_845_392_000
    let description: String

    init(_ path: String, _ reason: String) { description = Printable.escape(path) + " is " + reason }

    init(_ error: MemberError) {
        switch error.problem {
        case .missing: self.init(error.path, "missing")
        case .wrongType(let kind): self.init(error.path, "no " + kind.rawValue)
        case .unknown: self.init(error.path, "unknown")
        }
    }
}

extension ObjectReader<DescriptionError> {
    mutating func number(_ name: String, in range: ClosedRange<Int64>) throws(DescriptionError) -> Int64 {
        let number = try integer(name)
        guard range.contains(number) else { throw DescriptionError(path(of: name), "out of range") }
        return number
    }

    mutating func flag(_ name: String) throws(DescriptionError) -> Bool {
        guard case .bool(let flag) = try value(name) else { throw DescriptionError(path(of: name), "no boolean") }
        return flag
    }

    mutating func hexadecimal(_ name: String, count: Int) throws(DescriptionError) -> [UInt8] {
        guard let bytes = Hexadecimal.decode(try string(name)), bytes.count == count else {
            throw DescriptionError(path(of: name), "not \(count) bytes in hexadecimal")
        }
        return bytes
    }

    /// `0x` and up to 16 digits.
    mutating func prefixed(_ name: String) throws(DescriptionError) -> UInt64 {
        let text = try string(name)
        guard text.hasPrefix("0x"), text.utf8.count > 2, text.utf8.dropFirst(2).first != 0x2B,
            let number = UInt64(text.dropFirst(2), radix: 16)
        else { throw DescriptionError(path(of: name), "no number such as 0x1") }
        return number
    }

    mutating func firmware(_ name: String) throws(DescriptionError) -> FirmwareVersion {
        guard let version = FirmwareVersion(text: try string(name)) else {
            throw DescriptionError(path(of: name), "no version such as 1.55.35")
        }
        return version
    }

    mutating func tcb(_ name: String, _ generation: ProcessorGeneration) throws(DescriptionError) -> TCBVersion {
        var levels = try object(name)
        func level(_ part: String) throws(DescriptionError) -> UInt8 { UInt8(try levels.number(part, in: 0...255)) }
        let components = TCBComponents(
            fmc: generation == .turin ? try level("fmc") : nil, bootLoader: try level("boot_loader"),
            tee: try level("tee"), snp: try level("snp"), microcode: try level("microcode"))
        try levels.finish()
        return TCBVersion(components, for: generation)
    }
}

extension FirmwareVersion {
    /// Reads `major.minor.build`; nil for anything else.
    public init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8(part) : nil
        }
        guard parts.count == 3, let major = parts[0], let minor = parts[1], let build = parts[2] else { return nil }
        self.init(major: major, minor: minor, build: build)
    }
}
