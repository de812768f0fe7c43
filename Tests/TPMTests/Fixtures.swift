import Cryptography
import Foundation
import Secrets
import TPM
import TestSupport

func makeSecret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
}

func reveal(_ secret: borrowing SecretBytes) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in secret.bytes.indices { bytes.append(secret.bytes[index]) }
    return bytes
}

func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

extension TPM {
    /// One event, without a session.
    func measure(_ event: [UInt8], into pcr: Int) throws(TPMError) -> [BankDigest] {
        try measure([Measurement(pcr: pcr, event: event)], over: nil).first ?? []
    }
}

struct MissingSelection: Error {}

func pcrs(_ indices: [Int]) throws -> PCRSelection {
    guard let selection = PCRSelection(bank: .sha256, indices: indices) else { throw MissingSelection() }
    return selection
}

let storageHandle: UInt32 = 0x8100_0002

/// A TPM with a storage key and a secret sealed to PCR 4, 7, 8, 9, 12 and 14 as they are.
struct Enrolled {
    let tpm: SoftwareTPM
    let key: StorageKey
    let blob: SealedBlob
    let secret: [UInt8]
    let selection: PCRSelection

    init(tpm: SoftwareTPM, through tcti: String? = nil, secret: [UInt8] = randomBytes(32)) throws {
        self.tpm = tpm
        self.secret = secret
        selection = try pcrs([4, 7, 8, 9, 12, 14])
        let session = try TPM.connect(tcti: tcti ?? tpm.tcti)
        key = try session.createStorageKey(at: storageHandle)
        let values = try session.readPCRs(selection)
        let policy = try PolicyDigest.pcr(selection, values)
        blob = try session.seal(makeSecret(secret), policyDigest: policy, under: key)
    }

    /// Unseals over a connection of its own.
    func unseal(through tcti: String? = nil) throws -> [UInt8] {
        let session = try TPM.connect(tcti: tcti ?? tpm.tcti)
        return reveal(try session.unseal(blob, policy: UnsealPolicy(pcrs: selection), under: key))
    }

    /// The error of an unseal that must fail.
    func failure(through tcti: String? = nil) throws -> TPMError? {
        do {
            _ = try unseal(through: tcti)
            return nil
        } catch let error as TPMError { return error }
    }
}

/// Base64 with the alphabet of URLs, without padding.
func base64URL(_ text: String) -> [UInt8]? {
    let standard = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - standard.count % 4) % 4)
    return Data(base64Encoded: standard + padding).map { Array($0) }
}
