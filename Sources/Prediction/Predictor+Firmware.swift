internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

extension Predictor {
    /// What firmware measures until it starts `program`, which the log shows as `first`.
    mutating func predictFirmware(before first: Event, starting program: BootProgram) throws(PredictionError) {
        let authorities = try firmwareAuthorities(before: first, program)
        for event in history.log.events[..<first.index]
        where event.isExtended && Prediction.pcrs.contains(event.pcr) {
            switch (event.pcr, event.type) {
            case (7, .variableDriverConfig): try predictConfiguration(event)
            case (7, .variableAuthority): if case .logged = authorities { keep(event) }
            default: keep(event)
            }
        }
        if case .only(let entry) = authorities {
            try add(
                7, .variableAuthority, hashing: entry.bytes, .contents("db"),
                "\(entry.name), for \(program.kind.rawValue)")
        }
        try add(program, data: Array(history.log.data(of: first)))
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

    /// What the firmware measures as authorities: each entry of db that accepts a driver or the first program, once, in the
    /// order of use.
    private enum Authorities {
        /// As in the log, in their places.
        case logged
        case only(VariableMeasurement)
        case none
    }

    private mutating func firmwareAuthorities(
        before first: Event, _ program: BootProgram
    ) throws(PredictionError) -> Authorities {
        // Without Secure Boot nothing is verified, hence nothing measured.
        guard isSecureBoot else { return wasSecureBoot ? .none : .logged }
        let authority: VariableMeasurement
        switch try databaseVerdict(on: program) {
        case .accepted(let entry): authority = entry
        case .refused(let reason), .forbidden(let reason):
            gap(Prediction.pcrs, program.name, "the firmware will not start it: \(reason)")
            return .none
        case .unknown(let reason):
            gap([7], "authority of \(program.name)", reason)
            return .none
        }
        let logged = history.log.events[..<first.index].filter { $0.pcr == 7 && $0.type == .variableAuthority }
        var isListed = false
        for event in logged where try isDigest(of: authority.bytes, event) { isListed = true }
        let isSame = try isDigest(of: program, first)
        if isListed, isSame || logged.count == 1 { return .logged }
        // One entry, or none, was for the program of that time, since no driver needed another.
        let hasDrivers = history.log.events.contains { $0.pcr == 2 && $0.type == .bootServicesDriver }
        guard logged.count <= 1, !hasDrivers else {
            let reason = "\(history.name) does not say which authority was for drivers and which for shim"
            gap([7], "\(authority.name), for \(program.kind.rawValue)", reason)
            return .none
        }
        return .only(authority)
    }

    enum DatabaseVerdict {
        /// By this entry of db, as it is measured.
        case accepted(VariableMeasurement)
        /// db has nothing for it.
        case refused(String)
        /// dbx has something against it.
        case forbidden(String)
        /// db or dbx cannot be read.
        case unknown(String)
    }

    /// What firmware and shim find in db and dbx for an image: the first signature that a certificate of db accepts.
    ///
    /// Source: edk2 `DxeImageVerificationLib.c`.
    func databaseVerdict(on program: BootProgram) throws(PredictionError) -> DatabaseVerdict {
        guard let db = value(of: "db", .securityDatabase), let dbx = value(of: "dbx", .securityDatabase) else {
            return .unknown("db and dbx are not known")
        }
        let lists: [SignatureList]
        let forbidden: [SignatureList]
        do throws(EFIError) {
            lists = try SignatureList.parseAll(db)
            forbidden = try SignatureList.parseAll(dbx)
        } catch { return .unknown("db or dbx: " + error.description) }
        let trust = ImageTrust(allowed: SignatureDatabase(lists), forbidden: SignatureDatabase(forbidden))
        let digests = try databaseDigests(of: program)
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
        case .refused(.forbiddenImage), .refused(.forbiddenCertificate), .refused(.unreadableForbiddenCertificate):
            return .forbidden("dbx forbids it")
        case .refused(let reason): return .refused(reason.description)
        }
        guard let entry else { return .refused("its entry in db is not found") }
        return .accepted(
            VariableMeasurement(vendor: .securityDatabase, name: "db", value: entry.owner.bytes + entry.data))
    }

    func databaseDigests(of program: BootProgram) throws(PredictionError) -> [SignatureDatabase.Digest] {
        var digests: [SignatureDatabase.Digest] = []
        for algorithm in DigestAlgorithm.allCases {
            let digest = try system { () throws(InstalledSystemError) in try program.digest(algorithm) }
            digests.append(SignatureDatabase.Digest(algorithm, digest))
        }
        return digests
    }
}
