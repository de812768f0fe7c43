import OfflineSealing
import Secrets
import TPM
import TestSupport
import Testing

/// A TPM with a standard key, and a secret that was sealed to it, without it, to PCR 7 and 16 as they are.
struct Imported {
    let tpm: SoftwareTPM
    let key: StorageKey
    let object: DuplicationObject
    let secret: [UInt8]
    let policy: UnsealPolicy

    init(_ template: StorageKey.Template, secret: [UInt8] = randomBytes(32)) throws {
        tpm = try SoftwareTPM()
        self.secret = secret
        let session = try TPM.connect(tcti: tpm.tcti)
        key = try session.createStorageKey(at: storageHandle, template: template)
        let selection = try pcrs([7, 16])
        policy = UnsealPolicy(pcrs: selection)
        let digest = try PolicyDigest.pcr(selection, session.readPCRs(selection))
        let target = try DuplicationTarget(parsing: key.publicArea)
        object = try target.seal(makeSecret(secret), policyDigest: digest)
    }

    /// Imports and unseals over a connection of its own.
    func open(through tcti: String? = nil) throws -> [UInt8] {
        let session = try TPM.connect(tcti: tcti ?? tpm.tcti)
        let blob = try session.importObject(object, under: key)
        return reveal(try session.unseal(blob, policy: policy, under: key))
    }

    /// The error of an `open` that must fail.
    func failure(through tcti: String? = nil) throws -> TPMError? {
        do {
            _ = try open(through: tcti)
            return nil
        } catch let error as TPMError { return error }
    }

    /// Whether the TPM holds neither objects nor sessions.
    func isClean() throws -> Bool {
        try ["handles-transient", "handles-loaded-session"].allSatisfy {
            try tpm.succeed("tpm2_getcap", $0).text.isEmpty
        }
    }
}

@Suite struct ImportingTests {
    @Test(arguments: [StorageKey.Template.ecc, .rsa, .endorsementECC, .endorsementRSA])
    func opensWhatWasSealedWithoutTheTPM(_ template: StorageKey.Template) throws {
        let imported = try Imported(template)
        #expect(try imported.open() == imported.secret)
        #expect(try imported.isClean())
        try imported.tpm.succeed("tpm2_pcrextend", "16:sha256=" + String(repeating: "01", count: 32))
        #expect(try imported.failure()?.isPolicyFailure == true)
        #expect(try imported.isClean())
    }

    /// The profile's templates, as tpm2-tools have them.
    @Test(arguments: [(StorageKey.Template.endorsementECC, "ecc"), (.endorsementRSA, "rsa")])
    func makesTheEndorsementKeyThatOtherToolsMake(_ template: StorageKey.Template, _ algorithm: String) throws {
        let tpm = try SoftwareTPM()
        try tpm.succeed("tpm2_createek", "-Q", "-G", algorithm, "-c", "0x81010001")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", "0x81010001", "-o", "ek.pub")
        let session = try TPM.connect(tcti: tpm.tcti)
        let theirs = try session.storageKey(at: 0x8101_0001)
        #expect(try theirs.publicArea == tpm.read("ek.pub"))
        #expect(try session.createStorageKey(at: 0x8101_0002, template: template).name == theirs.name)
        // Once it is lost, the public area alone says how to make it again.
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "0x81010001")
        #expect(try session.recreateStorageKey(theirs) == theirs)
        #expect(try session.storageKey(at: 0x8101_0001) == theirs)
    }

    @Test func aForeignEndorsementKeyIsNotMadeAgain() throws {
        let (mine, other) = (try Imported(.endorsementECC), try SoftwareTPM())
        let session = try TPM.connect(tcti: other.tcti)
        #expect(try session.recreateStorageKey(mine.key) == nil)
        #expect(try other.succeed("tpm2_getcap", "handles-persistent").text.isEmpty)
        #expect(try other.succeed("tpm2_getcap", "handles-transient").text.isEmpty)
    }

    /// What replaces an imported object is sealed under the same key.
    @Test(arguments: [StorageKey.Template.endorsementECC, .endorsementRSA])
    func sealsUnderAnEndorsementKeyToo(_ template: StorageKey.Template) throws {
        let imported = try Imported(template)
        let interposer = try Interposer(before: imported.tpm)
        let selection = try pcrs([7])
        let secret = randomBytes(32)
        do {
            let session = try TPM.connect(tcti: interposer.tcti)
            let digest = try PolicyDigest.pcr(selection, session.readPCRs(selection))
            let blob = try session.seal(makeSecret(secret), policyDigest: digest, under: imported.key)
            let policy = UnsealPolicy(pcrs: selection)
            #expect(reveal(try session.unseal(blob, policy: policy, under: imported.key)) == secret)
        }
        #expect(try imported.isClean())
        for exchange in interposer.exchanges {
            for bytes in [exchange.command, exchange.reply] {
                let isSeen = bytes.indices.contains { bytes[$0...].starts(with: secret.prefix(8)) }
                #expect(!isSeen, "the secret is on the wire")
            }
        }
    }

    /// Its policy asks for no authorisation value: a power cut behind its use is no failed try.
    @Test func aPowerCutIsNoFailedTryUnderAnEndorsementKey() throws {
        let imported = try Imported(.endorsementECC)
        #expect(!imported.key.isSubjectToLockout)
        #expect(try imported.open() == imported.secret)
        imported.tpm.stop()
        try imported.tpm.start()
        #expect(try TPM.connect(tcti: imported.tpm.tcti).lockout().failures == 0)
    }

    /// A key that only some other policy lets be used would fail later, and count as a failed try.
    @Test func refusesAKeyThatNeedsAnotherPolicy() throws {
        let imported = try Imported(.endorsementECC)
        var area = imported.key.publicArea
        area[12] ^= 1
        #expect(throws: TPMError.self) { try StorageKey(handle: storageHandle, publicArea: area) }
        #expect(throws: Never.self) { try StorageKey(handle: storageHandle, publicArea: imported.key.publicArea) }
    }

    @Test(arguments: [StorageKey.Template.ecc, .rsa, .endorsementECC])
    func refusesObjectsWithAnyByteChanged(_ template: StorageKey.Template) throws {
        let imported = try Imported(template)
        let session = try TPM.connect(tcti: imported.tpm.tcti)
        let parts = [imported.object.publicArea, imported.object.duplicate, imported.object.seed]
        for part in parts.indices {
            for offset in parts[part].indices {
                var changed = parts
                changed[part][offset] ^= 1 << UInt8(offset % 8)
                let object = DuplicationObject(publicArea: changed[0], duplicate: changed[1], seed: changed[2])
                var caught: TPMError?
                do throws(TPMError) { _ = try session.importObject(object, under: imported.key) } catch {
                    caught = error
                }
                #expect(
                    caught?.isForeignObject == true || caught?.fault == .blob,
                    "part \(part), byte \(offset): \(String(describing: caught))")
                #expect(caught?.isMalformedReply == false, "part \(part), byte \(offset)")
            }
        }
        #expect(try imported.isClean())
        #expect(try imported.open() == imported.secret)
    }

    @Test func refusesObjectsCutAnywhere() throws {
        let imported = try Imported(.ecc)
        let session = try TPM.connect(tcti: imported.tpm.tcti)
        let parts = [imported.object.publicArea, imported.object.duplicate, imported.object.seed]
        for part in parts.indices {
            let tail = [UInt8](repeating: 0, count: 65535)
            let others = (0..<parts[part].count).map { Array(parts[part].prefix($0)) } + [parts[part] + [0]]
            for bytes in others + [[0xFF, 0xFF] + tail, [0, 0]] {
                var changed = parts
                changed[part] = bytes
                let object = DuplicationObject(publicArea: changed[0], duplicate: changed[1], seed: changed[2])
                var caught: TPMError?
                do throws(TPMError) { _ = try session.importObject(object, under: imported.key) } catch {
                    caught = error
                }
                #expect(
                    caught?.fault == .blob || caught?.isForeignObject == true,
                    "part \(part) of \(bytes.count) bytes: \(String(describing: caught))")
            }
        }
        #expect(try imported.isClean())
    }

    @Test func anotherTPMRefusesTheObject() throws {
        for template in [StorageKey.Template.ecc, .rsa] {
            let (mine, other) = (try Imported(template), try Imported(template))
            let session = try TPM.connect(tcti: other.tpm.tcti)
            var caught: TPMError?
            do throws(TPMError) { _ = try session.importObject(mine.object, under: other.key) } catch { caught = error }
            #expect(caught?.isForeignObject == true, "\(template)")
            #expect(try other.isClean())
        }
    }

    /// What somebody made elsewhere, and so knows, must not pass for what the TPM sealed; nor the other way round.
    @Test func tellsImportedObjectsFromNativeOnes() throws {
        let imported = try Imported(.ecc)
        let session = try TPM.connect(tcti: imported.tpm.tcti)
        let blob = try session.importObject(imported.object, under: imported.key)
        let commands = session.commandCount
        let disguised = SealedBlob(publicArea: blob.publicArea, privateArea: blob.privateArea)
        var caught: TPMError?
        do throws(TPMError) { _ = try session.unseal(disguised, policy: imported.policy, under: imported.key) } catch {
            caught = error
        }
        #expect(caught?.isForeignObject == true)
        #expect(disguised != blob)
        // Bytes 6 to 9 are the attributes; these are the ones that the TPM gives what it seals itself.
        for attributes: [UInt8] in [[0, 0, 4, 0x92], [0, 0, 4, 0xC0], [0, 0, 0, 0x80], [0, 0, 0xC, 0x80]] {
            var area = imported.object.publicArea
            area.replaceSubrange(6..<10, with: attributes)
            let other = DuplicationObject(
                publicArea: area, duplicate: imported.object.duplicate, seed: imported.object.seed)
            caught = nil
            do throws(TPMError) { _ = try session.importObject(other, under: imported.key) } catch { caught = error }
            #expect(caught?.fault == .objectAttributes)
        }
        #expect(session.commandCount == commands)
    }
}
