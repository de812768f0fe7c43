internal import BoundedBytes
internal import Cryptography
internal import EFI
internal import EventLog
internal import InstalledSystem

extension Predictor {
    /// Shim accepts `program` by a certificate, and measures that the first time.
    mutating func predictAuthority(
        of program: BootProgram, shim: BootProgram, after first: Event
    ) throws(PredictionError) {
        guard isVerifying(after: first) else { return }
        let forbidden = try prohibition(of: program, by: shim)
        if let reason = revocation(of: program) ?? forbidden {
            return gap(Prediction.pcrs, program.name, "shim will not start it: \(reason)")
        }
        switch try databaseVerdict(on: program) {
        case .unknown(let reason): return gap([7], "authority of \(program.name)", reason)
        case .forbidden(let reason): return gap(Prediction.pcrs, program.name, "shim will not start it: \(reason)")
        // The owner may have told shim to leave the firmware's keys alone.
        case .accepted where history.variables?.contains { $0.vendor == .shim && $0.name == "MokIgnoreDB" } ?? false:
            break
        case .accepted(let entry):
            guard !authorities.contains(entry.bytes) else { return }
            authorities.append(entry.bytes)
            return try add(
                7, .variableAuthority, hashing: entry.bytes, .contents("db"),
                "\(entry.name), for \(program.kind.rawValue) \(program.path)")
        case .refused: break
        }
        // shim asks db first, then its own lists, of which the log shows the entries that counted.
        var found: [Event] = []
        for event in history.log.events[first.index...] where isProgramAuthority(event) {
            guard let logged = variable(in: event), logged.name != "db" else { continue }
            if try accepts(logged.value, program), !found.contains(where: { variable(in: $0) == logged }) {
                found.append(event)
            }
        }
        guard found.count == 1, let logged = variable(in: found[0]) else {
            let count = found.isEmpty ? "no certificate" : "more than one certificate"
            return gap([7], "authority of \(program.name)", "\(count) in \(history.name) accepts it")
        }
        let isSame = try isDigest(of: shim, first)
        let isKnown = isSame ? true : try isShims(logged, shim)
        guard isKnown else {
            return gap([7], "authority of \(program.name)", "shim has changed since \(history.name)")
        }
        guard !authorities.contains(logged.bytes) else { return }
        authorities.append(logged.bytes)
        keep(found[0])
    }

    /// Secure Boot is on, and shim's own state does not switch it off.
    func isVerifying(after first: Event) -> Bool {
        guard isSecureBoot else { return false }
        return !history.log.events[first.index...].contains { event in
            if case .shimVariable("MokSBState") = history.log.content(of: event) { return true }
            return false
        }
    }

    private func revocation(of program: BootProgram) -> String? {
        guard let level else { return nil }
        // Older kernels have no SBAT section, and shim asks for none when GRUB has an image verified.
        guard program.kind != .other || program.image.sbat != nil else { return nil }
        do throws(EFIError) {
            let verdict = try SBATLevel(parsing: level).verdict(for: program.image.sbat)
            return verdict == .accepted ? nil : verdict.description
        } catch { return error.description }
    }

    /// Why the vendor's own list in shim forbids an image, or nil.
    private func prohibition(of program: BootProgram, by shim: BootProgram) throws(PredictionError) -> String? {
        let contents = try ShimContents(shim)
        let lists: [SignatureList]
        do throws(EFIError) { lists = try SignatureList.parseAll(contents.forbiddenLists) } catch {
            return "shim's own list: " + error.description
        }
        let trust = ImageTrust(allowed: SignatureDatabase(), forbidden: SignatureDatabase(lists))
        let digests = try databaseDigests(of: program)
        let verdict = try hashing { () throws(CryptographyError) in
            try trust.verdict(on: program.image.certificates, digests: digests)
        }
        switch verdict {
        case .refused(.forbiddenImage), .refused(.forbiddenCertificate), .refused(.unreadableForbiddenCertificate):
            return "shim's own list forbids it"
        default: return nil
        }
    }

    /// A later shim asks its lists in the same order, and its list still begins with this certificate.
    ///
    /// Source: rhboot/shim `shim.c`, check_allowlist: MokListRT before the built-in certificate, in every version
    /// that has a section `.sbatlevel`.
    private func isShims(_ authority: VariableMeasurement, _ shim: BootProgram) throws(PredictionError) -> Bool {
        let contents = try ShimContents(shim)
        guard authority.name == "MokListRT", contents.automaticLevel != nil else { return false }
        do throws(EFIError) {
            return try SignatureList.parseAll(contents.allowedLists).contains { list in
                list.signatures.contains { $0.owner.bytes + $0.data == authority.value }
            }
        } catch { return false }
    }

    /// The value of an authority event: the owner's GUID and a certificate, or in old shims the certificate alone; or
    /// the digest of the image.
    private func accepts(_ value: [UInt8], _ program: BootProgram) throws(PredictionError) -> Bool {
        let sha256 = try system { () throws(InstalledSystemError) in try program.digest(.sha256) }
        if value.count == 48, Array(value.dropFirst(16)) == sha256 { return true }
        for data in [Array(value.dropFirst(16)), value] {
            guard let certificate = X509Certificate.parse(data) else { continue }
            for entry in program.image.certificates where entry.isPKCS7 {
                if try accepts(certificate, entry, program) { return true }
            }
        }
        return false
    }

    private func accepts(
        _ certificate: borrowing X509Certificate, _ entry: AttributeCertificate, _ program: BootProgram
    ) throws(PredictionError) -> Bool {
        let signature: CodeSignature
        do throws(SignatureDefect) { signature = try CodeSignature.parse(entry.content) } catch { return false }
        let algorithm = signature.algorithm
        let digest = try system { () throws(InstalledSystemError) in try program.digest(algorithm) }
        guard digest == signature.digest else { return false }
        do throws(CryptographyError) { return try signature.isTrusted(by: certificate) } catch {
            throw .cryptography(error)
        }
    }
}
