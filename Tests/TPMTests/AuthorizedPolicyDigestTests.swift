import BoundedBytes
import TPM
import TestSupport
import Testing

/// What tpm2-tools make of the same policies, in trial sessions of a TPM.
@Suite struct AuthorizedPolicyDigestTests {
    private let tpm: SoftwareTPM
    private let authority: Authority
    private let counter: RevocationCounter

    init() throws {
        tpm = try SoftwareTPM()
        authority = try Authority(reference: Array("volume 1".utf8))
        counter = try RevocationCounter(handle: 0x0180_5EA3, authority: authority.authority)
    }

    @Test func namesTheKeyAsTheTPMDoes() throws {
        try tpm.write(authority.authority.publicArea, to: "public")
        try tpm.succeed("tpm2_loadexternal", "-Q", "-C", "o", "-u", "public", "-c", "key", "-n", "name")
        #expect(try authority.authority.name == tpm.read("name"))
        // The public area of OpenSSL's file, made by tpm2-tools.
        try tpm.write(authority.publicPEM, to: "public.pem")
        try tpm.succeed(
            "tpm2_loadexternal", "-Q", "-C", "o", "-G", "ecc:ecdsa-sha256", "-a", "userwithauth|noda|sign", "-u",
            "public.pem", "-c", "key", "-n", "other")
        #expect(try authority.authority.name == tpm.read("other"))
    }

    @Test(arguments: [1, 8, 32, 64])
    func authorizesAsTheTPMDoes(_ referenceSize: Int) throws {
        let reference = randomBytes(referenceSize)
        let authority = try PolicyAuthority(publicArea: authority.authority.publicArea, reference: reference)
        try tpm.write(authority.name, to: "name")
        try tpm.write(reference, to: "reference")
        try tpm.write(randomBytes(32), to: "any")
        try trial()
        try tpm.succeed("tpm2_policyauthorize", "-S", "s", "-i", "any", "-q", "reference", "-n", "name", "-L", "policy")
        #expect(try PolicyDigest.authorized(by: authority) == tpm.read("policy"))
        #expect(authority.message(approving: [1, 2, 3]) == [1, 2, 3] + reference)
    }

    @Test(arguments: [0, 1, 0x0102_0304_0506_0708, UInt64.max])
    func bindsTheCounterAsTheTPMDoes(_ limit: UInt64) throws {
        try defineAndStep()
        let selection = try pcrs([4, 7, 12])
        let pcrs = try PolicyDigest.pcr(selection, TPM.connect(tcti: tpm.tcti).readPCRs(selection))
        try tpm.write((0..<8).map { UInt8(truncatingIfNeeded: limit >> UInt64(56 - 8 * $0)) }, to: "operand")
        try trial()
        try tpm.succeed("tpm2_policypcr", "-Q", "-S", "s", "-l", "sha256:4,7,12")
        try tpm.succeed("tpm2_policynv", "-Q", "-S", "s", "-i", "operand", "-L", "policy", "0x1805EA3", "ule")
        #expect(try PolicyDigest.counter(atMost: limit, of: counter, after: pcrs) == tpm.read("policy"))
    }

    @Test func stepsTheCounterAsTheTPMDoes() throws {
        try trial()
        try tpm.succeed("tpm2_policynvwritten", "-Q", "-S", "s", "c")
        try tpm.succeed("tpm2_policycommandcode", "-Q", "-S", "s", "-L", "policy", "TPM2_CC_NV_Increment")
        #expect(try PolicyDigest.step(of: counter, from: nil) == tpm.read("policy"))

        try defineAndStep()
        try tpm.write([0, 0, 0, 0, 0, 0, 1, 4], to: "operand")
        try trial()
        try tpm.succeed("tpm2_policynv", "-Q", "-S", "s", "-i", "operand", "0x1805EA3", "eq")
        try tpm.succeed("tpm2_policycommandcode", "-Q", "-S", "s", "-L", "policy", "TPM2_CC_NV_Increment")
        #expect(try PolicyDigest.step(of: counter, from: 260) == tpm.read("policy"))
    }

    @Test func namesTheCounterAsTheTPMDoes() throws {
        let text = try defineAndStep()
        #expect(text.contains("name: " + Hexadecimal.encode(counter.name)))
        #expect(text.contains("friendly: policywrite|nt=0x1|ownerread|authread|no_da|written\n"))
        let policy = try PolicyDigest.authorized(by: counter.authority)
        #expect(text.contains("authorization policy: " + Hexadecimal.encode(policy).uppercased()))
    }

    private func trial() throws {
        try tpm.succeed("tpm2_flushcontext", "-t", "-l", "-s")
        try tpm.succeed("tpm2_startauthsession", "-Q", "-S", "s")
    }

    /// Makes the counter; returns what the tools see then.
    @discardableResult private func defineAndStep() throws -> String {
        let session = try TPM.connect(tcti: tpm.tcti)
        try session.defineCounter(counter)
        _ = try session.stepCounter(counter, from: nil, signature: authority.step(counter, from: nil), under: nil)
        return try tpm.succeed("tpm2_nvreadpublic", "0x1805EA3").text
    }
}
