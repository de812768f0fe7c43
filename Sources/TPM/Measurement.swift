internal import CTSS2
public import Cryptography

/// One event to extend into one PCR.
public struct Measurement: Equatable, Sendable {
    public let pcr: Int
    /// At most 1024 bytes; every active bank is extended with its own digest of them.
    public let event: [UInt8]

    public init(pcr: Int, event: [UInt8]) {
        self.pcr = pcr
        self.event = event
    }
}

/// The digest that one bank was extended with.
public struct BankDigest: Equatable, Sendable {
    public let bank: DigestAlgorithm
    public let digest: [UInt8]
}

extension TPM {
    /// Extends all active banks, one TPM2_PCR_Event a measurement, and returns the digests of the banks that
    /// `DigestAlgorithm` knows.
    ///
    /// With `key`, the answers come over one session salted to that key, so that the transport cannot swallow a
    /// measurement and claim that it was made; this costs one command more in all.
    /// - Throws: `.eventDigests` where the TPM reports other digests than the event's.
    public func measure(_ measurements: [Measurement], over key: StorageKey?) throws(TPMError) -> [[BankDigest]] {
        guard measurements.allSatisfy({ 0..<24 ~= $0.pcr && $0.event.count <= 1024 }) else {
            throw TPMError(.event, .event)
        }
        guard let key else {
            let esys = unsafe try link.ready()
            return try measurements.map { (measurement) throws(TPMError) in
                unsafe try extend(measurement, ESYS_TR_PASSWORD, esys)
            }
        }
        let esys = unsafe try link.ready()
        var session = unsafe try startSession(TPM2_SE_HMAC, saltedTo: key, esys)
        var digests: [[BankDigest]] = []
        for (index, measurement) in measurements.enumerated() {
            let isLast = index == measurements.count - 1
            if isLast { unsafe try set(session, [], esys) }
            digests.append(unsafe try extend(measurement, session.id, esys))
            if isLast { session.expire() }
        }
        return digests
    }

    /// As above for one event, without a session.
    public func measure(_ event: [UInt8], into pcr: Int) throws(TPMError) -> [BankDigest] {
        try measure([Measurement(pcr: pcr, event: event)], over: nil).first ?? []
    }

    private func extend(
        _ measurement: Measurement, _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> [BankDigest] {
        var event = TPM2B_EVENT()
        guard store(measurement.event, in: &event) else { throw TPMError(.event, .event) }
        var reply: UnsafeMutablePointer<TPML_DIGEST_VALUES>?
        defer { unsafe Esys_Free(reply) }
        let none = ESYS_TR_NONE
        // ESYS numbers the PCRs from 0, as the TPM does.
        let pcr = ESYS_TR(measurement.pcr)
        try link.check(unsafe Esys_PCR_Event(esys, pcr, session, none, none, &event, &reply), .event)
        guard let reply = unsafe reply else { throw TPMError(.event, .reply) }
        let count = Int(unsafe reply.pointee.count)
        let digests = unsafe withUnsafeBytes(of: &reply.pointee.digests) { raw in
            unsafe raw.bindMemory(to: TPMT_HA.self).prefix(count).compactMap(BankDigest.init)
        }
        guard !digests.isEmpty else { throw TPMError(.event, .eventDigests) }
        for digest in digests where try digest.bank.digest(of: measurement.event) != digest.digest {
            throw TPMError(.event, .eventDigests)
        }
        return digests
    }
}

extension BankDigest {
    /// Nil for an algorithm that we do not know.
    fileprivate init?(_ value: TPMT_HA) {
        guard let bank = DigestAlgorithm.allCases.first(where: { $0.identifier == value.hashAlg }) else { return nil }
        var digest = value.digest
        self.bank = bank
        self.digest = unsafe withUnsafeBytes(of: &digest) { unsafe Array($0.prefix(bank.byteCount)) }
    }
}

extension DigestAlgorithm {
    fileprivate func digest(of event: [UInt8]) throws(TPMError) -> [UInt8] {
        do throws(CryptographyError) { return try hash(event) } catch { throw TPMError(.event, .cryptography) }
    }
}
