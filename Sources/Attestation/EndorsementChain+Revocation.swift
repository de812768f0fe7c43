internal import Cryptography

extension EndorsementChain {
    /// Applies the lists of the root, and of the intermediate where there are any. The root's must satisfy `demand`.
    ///
    /// A VCEK's serial number is 0, as all have it, so it is the intermediate that AMD revokes.
    /// Source: RFC 5280, section 6.3.
    func checkRevocation(
        _ lists: [[UInt8]], _ demand: RevocationDemand, at time: Int64
    ) throws(VerificationFailure) -> RevocationState {
        var state = RevocationState.notChecked
        for bytes in lists {
            guard let list = RevocationList.parse(bytes) else { continue }
            if list.names(asIssuer: root.certificate) {
                guard list.isSigned(by: root.certificate) else { throw .listSignature(issuer: list.issuer.commonName) }
                try Self.check(root, .ark, list)
                try Self.check(intermediate, key.issuer, list)
                state = Self.newer(state, Self.state(of: list.validity, at: time))
            }
            if list.names(asIssuer: intermediate.certificate) {
                guard list.isSigned(by: intermediate.certificate) else {
                    throw .listSignature(issuer: list.issuer.commonName)
                }
                try Self.check(leaf, key.role, list)
            }
        }
        switch (demand, state) {
        case (.fresh, .notChecked), (.any, .notChecked): throw .missingList
        case (.fresh, .stale(let end)): throw .staleList(at: end)
        default: return state
        }
    }

    private static func check(
        _ part: ParsedCertificate, _ role: CertificateRole, _ list: borrowing RevocationList
    ) throws(VerificationFailure) {
        guard !list.lists(part.certificate) else { throw .revoked(role, serial: part.certificate.serialNumber) }
    }

    private static func state(of validity: X509Certificate.Validity?, at time: Int64) -> RevocationState {
        guard let validity, let end = validity.notAfter else { return .stale(since: nil) }
        return validity.notBefore <= time && time <= end ? .fresh(until: end) : .stale(since: end)
    }

    private static func newer(_ first: RevocationState, _ second: RevocationState) -> RevocationState {
        switch (first, second) {
        case (.notChecked, _): second
        case (_, .notChecked): first
        case (.fresh(let end), .fresh(let other)): .fresh(until: max(end, other))
        case (.fresh, .stale): first
        case (.stale, .fresh): second
        case (.stale(nil), .stale): second
        case (.stale, .stale(nil)): first
        case (.stale(.some(let end)), .stale(.some(let other))): .stale(since: max(end, other))
        }
    }
}
