internal import BoundedBytes
internal import JSON
internal import SNPABI
internal import SecureProcessor

extension ChipDescription {
    /// The file's text.
    func encoded() -> [UInt8] { Array((json.pretty + "\n").utf8) }

    /// What `init --json` prints, too.
    var json: JSONValue {
        .object([
            JSONMember("version", .integer(Self.version)),
            JSONMember("generation", .string(platform.generation.rawValue)),
            JSONMember("chip_id", .string(Hexadecimal.encode(chipID))),
            JSONMember("issued", .integer(issued)),
            JSONMember(
                "firmware",
                .object([
                    JSONMember("current", .string(platform.currentFirmware.description)),
                    JSONMember("committed", .string(platform.committedFirmware.description)),
                ])),
            JSONMember(
                "tcb",
                .object([
                    JSONMember("current", platform.json(platform.currentTCB)),
                    JSONMember("committed", platform.json(platform.committedTCB)),
                    JSONMember("reported", platform.json(platform.reportedTCB)),
                ])),
            JSONMember("platform_info", .string("0x" + String(platform.information.rawValue, radix: 16))),
            JSONMember("mitigations", .string("0x" + String(platform.mitigations, radix: 16))),
            JSONMember("mask_chip_id", .bool(platform.isChipIDMasked)),
            JSONMember("mask_chip_key", .bool(platform.isChipKeyMasked)),
            JSONMember(
                "vlek",
                .object([JSONMember("provider", .string(provider)), JSONMember("loaded", .bool(isVLEKLoaded))])),
            JSONMember(
                "crl",
                .object([
                    JSONMember("number", .integer(listNumber)), JSONMember("issued", .integer(listIssued)),
                    JSONMember("revoked", .array(revoked.map { .string($0.rawValue) })),
                ])),
            JSONMember("endorsement_issued", .integer(endorsementIssued)),
            JSONMember(
                "certificates",
                .object(
                    CertificateFile.allCases.map {
                        JSONMember($0.rawValue, .string(Hexadecimal.encode(certificates[$0] ?? [])))
                    })),
        ])
    }
}

extension PlatformState {
    /// A TCB by the names of its components.
    func json(_ tcb: TCBVersion) -> JSONValue {
        let levels = tcb.components(for: generation)
        let fmc = levels.fmc.map { [JSONMember("fmc", .integer(Int64($0)))] } ?? []
        return .object(
            fmc + [
                JSONMember("boot_loader", .integer(Int64(levels.bootLoader))),
                JSONMember("tee", .integer(Int64(levels.tee))),
                JSONMember("snp", .integer(Int64(levels.snp))),
                JSONMember("microcode", .integer(Int64(levels.microcode))),
            ])
    }
}
