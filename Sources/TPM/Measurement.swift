internal import CTSS2
public import Cryptography

/// One extension of one PCR.
public struct Measurement: Equatable, Sendable {
    public enum Content: Equatable, Sendable {
        /// At most 1024 bytes; every active bank is extended with its own digest of them.
        case event([UInt8])
        /// What each bank is extended with, where that is not the digest of an event. A bank that is not named
        /// stays as it is.
        case digests([BankDigest])
    }

    public let pcr: Int
    public let content: Content

    public init(pcr: Int, event: [UInt8]) {
        self.pcr = pcr
        content = .event(event)
    }

    public init(pcr: Int, digests: [BankDigest]) {
        self.pcr = pcr
        content = .digests(digests)
    }

    fileprivate var isSendable: Bool {
        guard 0..<24 ~= pcr else { return false }
        return switch content {
        case .event(let event): event.count <= 1024
        case .digests(let digests):
            // TPML_DIGEST_VALUES holds 16.
            (1...16).contains(digests.count) && digests.allSatisfy { $0.digest.count == $0.bank.byteCount }
        }
    }
}

/// The digest that one bank was extended with.
public struct BankDigest: Equatable, Sendable {
    public let bank: DigestAlgorithm
    public let digest: [UInt8]

    public init(bank: DigestAlgorithm, digest: [UInt8]) {
        self.bank = bank
        self.digest = digest
    }
}

extension TPM {
    /// Extends the PCRs, one TPM2_PCR_Event or TPM2_PCR_Extend a measurement, and returns the digests of the
    /// banks that `DigestAlgorithm` knows.
    ///
    /// The answers come over `session`, so that the transport cannot swallow a measurement and claim that it was made;
    /// the last command ends the session.
    /// - Throws: `.eventDigests` where the TPM reports other digests than the event's.
    public func measure(
        _ measurements: [Measurement], over session: AuthenticatedSession
    ) throws(TPMError) -> [[BankDigest]] {
        guard measurements.allSatisfy({ $0.isSendable }) else { throw TPMError(.event, .event) }
        let esys = unsafe try ready(for: session, .event)
        var digests: [[BankDigest]] = []
        for (index, measurement) in measurements.enumerated() {
            let isLast = index == measurements.count - 1
            unsafe try set(session.resource, isLast ? [] : [TPMA_SESSION_CONTINUESESSION], esys)
            digests.append(unsafe try extend(measurement, session.resource.id, esys))
            if isLast { session.expire() }
        }
        return digests
    }

    /// As above over a session of its own with `key`, which costs one command more; without a key, by plain commands.
    public func measure(_ measurements: [Measurement], over key: StorageKey?) throws(TPMError) -> [[BankDigest]] {
        if let key { return try measure(measurements, over: try startSession(saltedTo: key)) }
        guard measurements.allSatisfy({ $0.isSendable }) else { throw TPMError(.event, .event) }
        let esys = unsafe try link.ready()
        return try measurements.map { (measurement) throws(TPMError) in
            unsafe try extend(measurement, ESYS_TR_PASSWORD, esys)
        }
    }

    private func extend(
        _ measurement: Measurement, _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> [BankDigest] {
        switch measurement.content {
        case .event(let event): return unsafe try extend(measurement.pcr, with: event, session, esys)
        case .digests(let digests):
            var list = TPML_DIGEST_VALUES(digests)
            let none = ESYS_TR_NONE
            let pcr = ESYS_TR(measurement.pcr)
            try link.check(unsafe Esys_PCR_Extend(esys, pcr, session, none, none, &list), .extend)
            return digests
        }
    }

    private func extend(
        _ pcr: Int, with bytes: [UInt8], _ session: ESYS_TR, _ esys: OpaquePointer
    ) throws(TPMError) -> [BankDigest] {
        var event = TPM2B_EVENT()
        guard store(bytes, in: &event) else { throw TPMError(.event, .event) }
        var reply: UnsafeMutablePointer<TPML_DIGEST_VALUES>?
        defer { unsafe Esys_Free(reply) }
        let none = ESYS_TR_NONE
        // ESYS numbers the PCRs from 0, as the TPM does.
        try link.check(unsafe Esys_PCR_Event(esys, ESYS_TR(pcr), session, none, none, &event, &reply), .event)
        guard let reply = unsafe reply else { throw TPMError(.event, .reply) }
        let count = Int(unsafe reply.pointee.count)
        let digests = unsafe withUnsafeBytes(of: &reply.pointee.digests) { raw in
            unsafe raw.bindMemory(to: TPMT_HA.self).prefix(count).compactMap(BankDigest.init)
        }
        guard !digests.isEmpty else { throw TPMError(.event, .eventDigests) }
        for digest in digests where try digest.bank.digest(of: bytes) != digest.digest {
            throw TPMError(.event, .eventDigests)
        }
        return digests
    }
}

extension TPML_DIGEST_VALUES {
    /// - Parameter list: at most 16, each as long as its bank's digests.
    fileprivate init(_ list: [BankDigest]) {
        self.init()
        count = UInt32(list.count)
        unsafe withUnsafeMutableBytes(of: &digests) { raw in
            let values = unsafe raw.bindMemory(to: TPMT_HA.self)
            for (index, entry) in list.enumerated() {
                unsafe values[index].hashAlg = entry.bank.identifier
                unsafe withUnsafeMutableBytes(of: &values[index].digest) { unsafe $0.copyBytes(from: entry.digest) }
            }
        }
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
