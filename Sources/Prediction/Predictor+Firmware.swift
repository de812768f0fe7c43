internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

extension Predictor {
    /// What firmware measures until it starts `program`, which the log shows as `first`.
    mutating func predictFirmware(before first: Event, starting program: BootProgram) throws(PredictionError) {
        let authority = isSecureBoot ? try databaseAuthority(of: program, by: "the firmware") : nil
        for event in history.log.events[..<first.index]
        where event.isExtended && Prediction.pcrs.contains(event.pcr) {
            switch (event.pcr, event.type) {
            case (7, .variableDriverConfig): try predictConfiguration(event)
            case (7, .variableAuthority): continue
            case (4, .bootServicesApplication) where history.path(of: event)?.file != nil:
                gap([4], "another program", "\(history.name) has a boot before the last one")
            default: keep(event)
            }
        }
        try predictFirmwareAuthorities(before: first, authority, program)
        try add(program)
    }

    /// Secure Boot was on when the log was written.
    private var wasSecureBoot: Bool {
        history.log.events.contains { event in
            event.type == .variableDriverConfig && variable(in: event)?.name == "SecureBoot"
                && variable(in: event)?.value == [1]
        }
    }

    /// Secure Boot's variables: what they hold now is what the next boot measures.
    private mutating func predictConfiguration(_ event: Event) throws(PredictionError) {
        guard let logged = variable(in: event) else {
            return gap([7], "event \(event.index)", "\(history.name) does not show the variable")
        }
        guard let value = value(of: logged.name, logged.vendor), value != logged.value else { return keep(event) }
        guard try isDigest(of: logged.bytes, event) else {
            return gap([7], logged.name, "it has changed, and this firmware measures variables in a way of its own")
        }
        let next = VariableMeasurement(vendor: logged.vendor, name: logged.name, value: value)
        try add(7, event.type, hashing: next.bytes, .variable, logged.name)
    }

    /// Each entry of db that accepts a driver or the first program is measured once, in the order of use.
    private mutating func predictFirmwareAuthorities(
        before first: Event, _ authority: VariableMeasurement?, _ program: BootProgram
    ) throws(PredictionError) {
        let logged = history.log.events[..<first.index].filter { $0.pcr == 7 && $0.type == .variableAuthority }
        let isSame = try isDigest(of: program, first)
        guard let authority else {
            // Without Secure Boot nothing is verified, hence nothing measured.
            return isSecureBoot ? () : logged.forEach { if !wasSecureBoot { keep($0) } }
        }
        let text = "\(authority.name), for \(program.kind.rawValue)"
        var isListed = false
        for event in logged where try isDigest(of: authority.bytes, event) { isListed = true }
        if isListed, isSame || logged.count == 1 { return logged.forEach { keep($0) } }
        // One entry, or none, was for the program of that time, since no driver needed another.
        let hasDrivers = history.log.events.contains { $0.pcr == 2 && $0.type == .bootServicesDriver }
        guard logged.count <= 1, !hasDrivers else {
            return gap([7], text, "\(history.name) does not say which authority was for drivers and which for shim")
        }
        try add(7, .variableAuthority, hashing: authority.bytes, .contents("db"), text)
    }

    /// The entry of db by which an image is accepted, as it is measured; nil and a gap where it is refused.
    ///
    /// Source: edk2 `DxeImageVerificationLib.c`: the first signature that a certificate of db accepts.
    mutating func databaseAuthority(
        of program: BootProgram, by whom: String
    ) throws(PredictionError) -> VariableMeasurement? {
        switch try databaseVerdict(on: program) {
        case .accepted(let entry): return entry
        case .refused(let reason):
            gap(Prediction.pcrs, program.name, "\(whom) will not start it: \(reason)")
            return nil
        }
    }

    enum DatabaseVerdict {
        case accepted(VariableMeasurement)
        case refused(String)
    }

    func databaseVerdict(on program: BootProgram) throws(PredictionError) -> DatabaseVerdict {
        guard let db = value(of: "db", .securityDatabase), let dbx = value(of: "dbx", .securityDatabase) else {
            return .refused("db and dbx are not known")
        }
        let lists: [SignatureList]
        let forbidden: [SignatureList]
        do throws(EFIError) {
            lists = try SignatureList.parseAll(db)
            forbidden = try SignatureList.parseAll(dbx)
        } catch { return .refused("db or dbx: " + error.description) }
        let trust = ImageTrust(allowed: SignatureDatabase(lists), forbidden: SignatureDatabase(forbidden))
        var digests: [SignatureDatabase.Digest] = []
        for algorithm in DigestAlgorithm.allCases {
            let digest = try system { () throws(InstalledSystemError) in try program.digest(algorithm) }
            digests.append(SignatureDatabase.Digest(algorithm, digest))
        }
        let verdict = try hashing { () throws(CryptographyError) in
            try trust.verdict(on: program.image.certificates, digests: digests)
        }
        let entry: SignatureList.Signature?
        switch verdict {
        case .acceptedByCertificate(let index, _):
            let certificates = lists.filter { $0.type == SignatureList.x509 }.flatMap { $0.signatures }
            entry = index < certificates.count ? certificates[index] : nil
        case .acceptedByDigest:
            entry = lists.flatMap { $0.signatures }.first { signature in
                digests.contains { $0.bytes == signature.data }
            }
        case .refused(let reason): return .refused(reason.description)
        }
        guard let entry else { return .refused("its entry in db is not found") }
        return .accepted(
            VariableMeasurement(vendor: .securityDatabase, name: "db", value: entry.owner.bytes + entry.data))
    }
}
