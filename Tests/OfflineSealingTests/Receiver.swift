import OfflineSealing
import Secrets
import TPM
import TestSupport

func makeSecret(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(count: bytes.count) { for index in bytes.indices { $0[index] = bytes[index] } }
}

func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

/// The kinds of keys that secrets are sealed to, as tpm2-tools make them.
enum Parent: String, CaseIterable, Sendable {
    case storageECC, storageRSA, storageECC256, storageRSA256, endorsementECC, endorsementRSA

    var handle: String { isEndorsementKey ? "0x81010001" : "0x81000001" }
    var isEndorsementKey: Bool { self == .endorsementECC || self == .endorsementRSA }

    /// Makes the key and writes its public area into the file `parent.pub`.
    func make(in tpm: SoftwareTPM) throws {
        switch self {
        case .endorsementECC: try tpm.succeed("tpm2_createek", "-Q", "-G", "ecc", "-c", handle)
        case .endorsementRSA: try tpm.succeed("tpm2_createek", "-Q", "-G", "rsa", "-c", handle)
        case .storageECC: try makePrimary("ecc_nist_p256:null:aes128cfb", in: tpm)
        case .storageECC256: try makePrimary("ecc_nist_p256:null:aes256cfb", in: tpm)
        case .storageRSA: try makePrimary("rsa2048:null:aes128cfb", in: tpm)
        case .storageRSA256: try makePrimary("rsa2048:null:aes256cfb", in: tpm)
        }
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_readpublic", "-Q", "-c", handle, "-o", "parent.pub", "-n", "parent.name")
    }

    private func makePrimary(_ algorithm: String, in tpm: SoftwareTPM) throws {
        try tpm.succeed(
            "tpm2_createprimary", "-Q", "-C", "o", "-G", algorithm, "-c", "primary", "-a",
            "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt")
        try tpm.succeed("tpm2_evictcontrol", "-Q", "-C", "o", "-c", "primary", handle)
    }
}

/// A TPM far away that secrets are sealed to: all that it does, tpm2-tools do.
struct Receiver {
    let tpm: SoftwareTPM
    let parent: Parent
    let target: DuplicationTarget
    /// PolicyPCR over PCR 7 and 16 as they are.
    let policyDigest: [UInt8]

    init(_ parent: Parent) throws {
        tpm = try SoftwareTPM()
        self.parent = parent
        try parent.make(in: tpm)
        target = try DuplicationTarget(parsing: tpm.read("parent.pub"))
        try tpm.succeed("tpm2_createpolicy", "-Q", "--policy-pcr", "-l", "sha256:7,16", "-L", "policy")
        policyDigest = try tpm.read("policy")
    }

    /// Whether TPM2_Import takes the object.
    func imports(_ object: DuplicationObject) throws -> Bool {
        try tpm.write(object.publicArea, to: "object.pub")
        try tpm.write(object.duplicate, to: "object.dup")
        try tpm.write(object.seed, to: "object.seed")
        let result = try withParent { authorization in
            try tpm.tool(
                "tpm2_import", "-Q", "-C", parent.handle, "-P", authorization, "-u", "object.pub", "-i", "object.dup",
                "-s", "object.seed", "-r", "object.priv")
        }
        try tpm.succeed("tpm2_flushcontext", "-t")
        return result.status == 0
    }

    /// What the imported object holds, where PCR 7 and 16 are as they were.
    func unseals() throws -> [UInt8]? {
        _ = try withParent { authorization in
            try tpm.succeed(
                "tpm2_load", "-Q", "-C", parent.handle, "-P", authorization, "-u", "object.pub", "-r", "object.priv",
                "-c", "object.ctx")
        }
        try tpm.succeed("tpm2_flushcontext", "-t")
        try tpm.succeed("tpm2_startauthsession", "-Q", "--policy-session", "-S", "session")
        try tpm.succeed("tpm2_policypcr", "-Q", "-S", "session", "-l", "sha256:7,16")
        let result = try tpm.tool("tpm2_unseal", "-Q", "-c", "object.ctx", "-p", "session:session", "-o", "opened")
        try tpm.succeed("tpm2_flushcontext", "session")
        try tpm.succeed("tpm2_flushcontext", "-t")
        return result.status == 0 ? try tpm.read("opened") : nil
    }

    private func withParent(_ command: (String) throws -> CommandResult) throws -> CommandResult {
        guard parent.isEndorsementKey else { return try command("") }
        try tpm.succeed("tpm2_startauthsession", "-Q", "--policy-session", "-S", "ek-session")
        try tpm.succeed("tpm2_policysecret", "-Q", "-S", "ek-session", "-c", "e")
        defer { _ = try? tpm.tool("tpm2_flushcontext", "ek-session") }
        return try command("session:ek-session")
    }
}
