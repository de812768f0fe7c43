internal import BoundedBytes
internal import Cryptography
internal import JSON
internal import SNPABI

extension AttestationPolicy {
    /// Longest file that is read, in bytes: some thousand measurements.
    public static let longest = 1 << 18
    private static let mostValues = 1 << 13

    public init(parsing bytes: [UInt8]) throws(DocumentError) {
        guard bytes.count <= Self.longest else {
            throw DocumentError(.policy, "", .expected("at most " + String(Self.longest) + " bytes long"))
        }
        var reader = try DocumentReader.root(of: .policy, parsing: bytes, mostValues: Self.mostValues)
        guard let roots = TrustedRoots(certificates: try Self.certificates(&reader, "roots")) else {
            throw DocumentError(.policy, "roots", .expected("certificates in PEM"))
        }
        self.roots = roots
        revocation = try reader.choice("revocation_list", among: RevocationDemand.allCases.map { $0 }) ?? .optional
        ekRoots = try Self.certificates(&reader, "ek_roots")
        notBefore = try Self.time(&reader)
        report = try ReportRules.areIn(reader) ? ReportRules(&reader) : nil
        try reader.finish()
        guard report != nil || !ekRoots.isEmpty else {
            throw DocumentError(.policy, "measurements", .member(.missing))
        }
    }

    /// DER of all certificates in a list of PEM texts.
    private static func certificates(
        _ reader: inout DocumentReader, _ name: String
    ) throws(DocumentError) -> [[UInt8]] {
        guard reader.peek(name) != nil else { return [] }
        var all: [[UInt8]] = []
        for text in try reader.nonEmpty(name) {
            // Each text is read on its own, so that one that is none cannot hide behind another.
            guard let parts = PEMBundle.parse(Array(text.utf8)) else {
                throw DocumentError(.policy, name, .expected("certificates in PEM"))
            }
            for part in parts {
                guard part.isCertificate, X509Certificate.parse(part.contents) != nil else {
                    throw DocumentError(.policy, name, .expected("certificates in PEM"))
                }
                all.append(part.contents)
            }
        }
        return all
    }

    private static func time(_ reader: inout DocumentReader) throws(DocumentError) -> Int64? {
        guard let value = reader.optional("not_before") else { return nil }
        guard let time = value.integer ?? value.string.flatMap({ UTCTime.parse($0) }) else {
            throw DocumentError(.policy, "not_before", .expected("a time such as 2026-11-24T00:00:00Z"))
        }
        return time
    }
}

extension ReportRules {
    private static let names = [
        "measurements", "id_keys", "author_keys", "family_ids", "image_ids", "minimum_guest_svn", "vmpl", "minimum_tcb",
        "guest_policy", "platform_info", "host_data", "chips", "signers", "csp_ids",
    ]

    /// Whether there is any rule for reports.
    static func areIn(_ reader: DocumentReader) -> Bool { names.contains { reader.peek($0) != nil } }

    /// Takes every member that is one.
    init(_ reader: inout DocumentReader) throws(DocumentError) {
        measurements = try reader.digits("measurements", [48])
        idKeys = try reader.keyDigests("id_keys")
        authorKeys = try reader.keyDigests("author_keys")
        familyIDs = try reader.digits("family_ids", [16])
        imageIDs = try reader.digits("image_ids", [16])
        minimumGuestSVN = UInt32(try reader.number("minimum_guest_svn", upTo: Int64(UInt32.max)) ?? 0)
        vmpl = UInt32(try reader.number("vmpl", upTo: 3) ?? 0)
        minimumTCBs = try Self.minimumTCBs(reader.object("minimum_tcb"))
        try reader.bitRules("guest_policy", &guestPolicy) { name in
            name == GuestPolicy.Flag.reserved.rawValue ? nil : GuestPolicy.Flag(rawValue: name)?.mask
        }
        try reader.bitRules("platform_info", &platformInfo) { PlatformInfo.Flag(rawValue: $0)?.mask }
        hostData = try reader.digits("host_data", [32])
        chips = try reader.digits("chips", [64, ProcessorGeneration.turin.chipIDByteCount])?.map { chip in
            chip + [UInt8](repeating: 0, count: 64 - chip.count)
        }
        signers = try reader.choices("signers", among: EndorsementKey.allCases.map { $0 })
        cspIDs = try reader.peek("csp_ids") == nil ? nil : reader.nonEmpty("csp_ids")
        guard measurements != nil || idKeys != nil || authorKeys != nil else {
            throw DocumentError(.policy, "measurements", .member(.missing))
        }
    }

    private static func minimumTCBs(_ reader: DocumentReader) throws(DocumentError) -> [MinimumTCB] {
        var (reader, all) = (reader, [MinimumTCB]())
        for generation in ProcessorGeneration.allCases {
            let name = generation.rawValue.lowercasedASCII
            guard reader.peek(name) != nil else { continue }
            var levels = try reader.object(name)
            var found = [Level(name: .reported, tcb: try tcb(levels.object("reported"), generation))]
            for other in [TCBName.committed, .launch] where levels.peek(other.rawValue) != nil {
                found.append(Level(name: other, tcb: try tcb(levels.object(other.rawValue), generation)))
            }
            try levels.finish()
            all.append(MinimumTCB(generation: generation, levels: found))
        }
        try reader.finish()
        guard !all.isEmpty else { throw DocumentError(.policy, "minimum_tcb", .expected("an object of at least one")) }
        return all
    }

    private static func tcb(
        _ reader: DocumentReader, _ generation: ProcessorGeneration
    ) throws(DocumentError) -> TCBVersion {
        var reader = reader
        let fmc = generation == .turin ? try reader.level("fmc") : nil
        let components = TCBComponents(
            fmc: fmc, bootLoader: try reader.level("boot_loader"), tee: try reader.level("tee"),
            snp: try reader.level("snp"), microcode: try reader.level("microcode"))
        try reader.finish()
        return TCBVersion(components, for: generation)
    }
}
