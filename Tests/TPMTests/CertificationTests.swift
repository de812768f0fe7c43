import BoundedBytes
import Cryptography
import Foundation
import TPM
import TestSupport
import Testing

private let signerHandle: UInt32 = 0x8100_0003

/// A TPM with an attestation key, made by tpm2-tools, and a storage key.
private struct AttestingTPM {
    let machine: EndorsedTPM
    let signer: AttestationKey

    init(_ algorithm: String, _ scheme: String) throws {
        machine = try EndorsedTPM()
        let tpm = machine.tpm
        try tpm.succeed("tpm2_createek", "-Q", "-c", "ek.ctx", "-G", "rsa")
        try tpm.succeed(
            "tpm2_createak", "-Q", "-C", "ek.ctx", "-c", "ak.ctx", "-G", algorithm, "-g", "sha256", "-s", scheme, "-f",
            "pem", "-u", "ak.pem")
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "ak.ctx", "0x81000003")
        try tpm.succeed("tpm2_flushcontext", "-t")
        let pem = try tpm.read("ak.pem")
        if algorithm == "rsa" {
            let modulus = try #require(RSAEncryptionKey(pem: pem)?.modulus)
            signer = .rsa(try #require(RSAVerifyingKey(modulus: modulus)))
        } else {
            signer = .ecc(try #require(VerifyingKey(pem: pem)))
        }
    }

    func certify(_ nonce: [UInt8]) throws -> Certification {
        try TPM.connect(tcti: machine.tpm.tcti).certify(machine.key, byKeyAt: signerHandle, nonce: nonce)
    }
}

@Suite struct CertificationTests {
    @Test(arguments: [["rsa", "rsassa"], ["rsa", "rsapss"], ["ecc", "ecdsa"]])
    func believesTheAttestationKeyAboutItsOwnTPM(_ kind: [String]) throws {
        let attesting = try AttestingTPM(kind[0], kind[1])
        let nonce = randomBytes(32)
        let certification = try attesting.certify(nonce)
        let name = attesting.machine.key.name
        #expect(certification.vouches(for: name, nonce: nonce, by: attesting.signer))
        #expect(!certification.vouches(for: name, nonce: randomBytes(32), by: attesting.signer))
        #expect(!certification.vouches(for: [0, 11] + randomBytes(32), nonce: nonce, by: attesting.signer))
        #expect(try attesting.machine.leftovers().isEmpty)
        let other = try AttestingTPM(kind[0], kind[1])
        #expect(!certification.vouches(for: name, nonce: nonce, by: other.signer))
    }

    @Test func believesNothingThatWasChangedOrCut() throws {
        let attesting = try AttestingTPM("ecc", "ecdsa")
        let (nonce, name) = (randomBytes(64), attesting.machine.key.name)
        let whole = try attesting.certify(nonce)
        func isBelieved(_ statement: [UInt8], _ signature: [UInt8]) -> Bool {
            Certification(statement: statement, signature: signature).vouches(
                for: name, nonce: nonce, by: attesting.signer)
        }
        #expect(isBelieved(whole.statement, whole.signature))
        for index in whole.statement.indices {
            var statement = whole.statement
            statement[index] ^= 0x10
            #expect(!isBelieved(statement, whole.signature), "statement byte \(index)")
            #expect(!isBelieved(Array(whole.statement.prefix(index)), whole.signature))
        }
        for index in whole.signature.indices {
            var signature = whole.signature
            signature[index] ^= 0x10
            #expect(!isBelieved(whole.statement, signature), "signature byte \(index)")
            #expect(!isBelieved(whole.statement, Array(whole.signature.prefix(index))))
        }
        #expect(!isBelieved(whole.statement + [0], whole.signature))
        #expect(!isBelieved(whole.statement, whole.signature + [0]))
    }

    /// A quote of the same attestation key says nothing about keys.
    @Test func takesNoQuoteForACertification() throws {
        let attesting = try AttestingTPM("rsa", "rsassa")
        let tpm = attesting.machine.tpm
        try tpm.succeed(
            "tpm2_quote", "-Q", "-c", "0x81000003", "-l", "sha256:0", "-q", "00", "-m", "quote.msg", "-s", "quote.sig")
        let quote = Certification(statement: try tpm.read("quote.msg"), signature: try tpm.read("quote.sig"))
        #expect(!quote.vouches(for: attesting.machine.key.name, nonce: [0], by: attesting.signer))
    }

    @Test func tellsThatThereIsNoAttestationKey() throws {
        let machine = try EndorsedTPM()
        let session = try TPM.connect(tcti: machine.tpm.tcti)
        var caught: TPMError?
        do throws(TPMError) {
            _ = try session.certify(machine.key, byKeyAt: signerHandle, nonce: [1])
        } catch { caught = error }
        #expect(caught?.isMissingHandle == true)
    }

    /// A signature that a real Azure VM's attestation key made over its quote: the arithmetic has another judge.
    @Test(.enabled(if: SharedData.isPresent)) func checksARealSignatureOfAzure() throws {
        let evidence = try JSONDecoder().decode(
            AzureEvidence.self, from: Data(SharedData.bytes("snp/azure-hcl/evidence-v2.json")))
        let runtime = try #require(base64URL(evidence.hcl_report)).dropFirst(0x4D4).prefix { $0 != 0 }
        let keys = try JSONDecoder().decode(RuntimeData.self, from: Data(runtime)).keys
        let modulus = try #require(keys.first { $0.kid == "HCLAkPub" }.flatMap { base64URL($0.n) })
        let key = try #require(RSAVerifyingKey(modulus: modulus))
        var message = try #require(Hexadecimal.decode(evidence.tpm_quote.message))
        let signature = try #require(Hexadecimal.decode(evidence.tpm_quote.signature))
        #expect(key.isValid(signature, for: message, padding: .pkcs1))
        #expect(!key.isValid(signature, for: message, padding: .pss))
        message[20] ^= 1
        #expect(!key.isValid(signature, for: message, padding: .pkcs1))
    }
}

/// The sample's own names.
private struct AzureEvidence: Decodable {
    struct Quote: Decodable {
        let message, signature: String
    }
    let tpm_quote: Quote
    let hcl_report: String
}

private struct RuntimeData: Decodable {
    struct Key: Decodable {
        let kid, n: String
    }
    let keys: [Key]
}
