import Cryptography
import TPM
import TestSupport

/// A TPM with a storage key, a counter that was stepped once, and a secret sealed to what an authority approves.
struct Authorized {
    let tpm: SoftwareTPM
    let key: StorageKey
    let authority: Authority
    let counter: RevocationCounter
    /// What the counter holds.
    let count: UInt64
    let blob: SealedBlob
    let secret = randomBytes(32)
    let selection: PCRSelection

    init(tpm: SoftwareTPM, bank: DigestAlgorithm = .sha256, template: StorageKey.Template = .ecc) throws {
        self.tpm = tpm
        guard let selection = PCRSelection(bank: bank, indices: [4, 7, 12]) else { throw MissingSelection() }
        self.selection = selection
        authority = try Authority()
        counter = try RevocationCounter(handle: 0x0180_5EA0, authority: authority.authority)
        let session = try TPM.connect(tcti: tpm.tcti)
        _ = try session.measure(Array("boot".utf8), into: 4)
        key = try session.createStorageKey(at: storageHandle, template: template)
        try session.defineCounter(counter)
        count = try session.stepCounter(counter, from: nil, signature: authority.step(counter, from: nil), under: key)
        let policy = try PolicyDigest.authorized(by: authority.authority)
        blob = try session.seal(makeSecret(secret), policyDigest: policy, under: key)
    }

    /// Approved for the PCRs as they are, and the counter up to `limit`.
    func policy(limit: UInt64?) throws -> UnsealPolicy {
        let values = try TPM.connect(tcti: tpm.tcti).readPCRs(selection)
        var digest = try PolicyDigest.pcr(selection, values)
        if let limit { digest = try PolicyDigest.counter(atMost: limit, of: counter, after: digest) }
        return try UnsealPolicy(
            pcrs: selection, counter: limit.map { UnsealPolicy.CounterLimit(counter: counter, limit: $0) },
            approval: authority.approval(of: digest))
    }

    /// Unseals over a connection of its own.
    func unseal(_ policy: UnsealPolicy, through tcti: String? = nil) throws -> [UInt8] {
        let session = try TPM.connect(tcti: tcti ?? tpm.tcti)
        return reveal(try session.unseal(blob, policy: policy, under: key))
    }

    /// The error of an unseal that must fail.
    func failure(_ policy: UnsealPolicy, through tcti: String? = nil) throws -> TPMError? {
        try refusal { _ = try unseal(policy, through: tcti) }
    }

    /// Steps the counter, with the authority's approval.
    func step(from value: UInt64?) throws -> UInt64 {
        try TPM.connect(tcti: tpm.tcti).stepCounter(
            counter, from: value, signature: authority.step(counter, from: value), under: key)
    }

    /// Whatever lives under the counter's handle.
    func undefine() throws { try tpm.succeed("tpm2_nvundefine", "-Q", "-C", "o", "0x1805EA0") }

    /// Nothing transient is left in the TPM.
    func isClean() throws -> Bool {
        try ["handles-transient", "handles-loaded-session", "handles-saved-session"].allSatisfy {
            try tpm.succeed("tpm2_getcap", $0).text == ""
        }
    }
}

/// The error that `body` throws; nil where it does not.
func refusal(_ body: () throws -> Void) throws -> TPMError? {
    do {
        try body()
        return nil
    } catch let error as TPMError { return error }
}
