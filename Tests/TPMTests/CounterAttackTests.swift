import TPM
import TestSupport
import Testing

/// What somebody tries who owns the TPM's owner hierarchy, all tokens and approvals of the past, but not the
/// authority's key.
@Suite struct CounterAttackTests {
    /// A new counter begins above the highest that was ever removed, whatever its first approval.
    /// Source: TCG TPM 2.0 Library, Part 1, section on NV counters; here as libtpms does it.
    @Test func doesNotRollBackWhereTheIndexIsMadeAgain() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        let old = try authorized.policy(limit: authorized.count)
        let first = try authorized.authority.step(authorized.counter, from: nil)
        var highest = authorized.count
        for _ in 0..<3 { highest = try authorized.step(from: highest) }
        for _ in 0..<2 {
            try authorized.undefine()
            #expect(try authorized.failure(old)?.isMissingCounter == true)
            try session.defineCounter(authorized.counter)
            #expect(try authorized.failure(old)?.isForeignCounter == true)
            #expect(try session.counterState(of: authorized.counter) == .unwritten)
            let value = try session.stepCounter(authorized.counter, from: nil, signature: first, under: authorized.key)
            #expect(value > highest)
            highest = value
            #expect(try authorized.failure(old)?.isRevoked == true)
            // A power cut and a new start of the TPM change nothing.
            authorized.tpm.stop()
            try authorized.tpm.start()
            #expect(try session.counterState(of: authorized.counter) == .value(highest))
        }
        #expect(try authorized.isClean())
    }

    @Test func refusesAnOldStep() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let (counter, count) = (authorized.counter, authorized.count)
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        let signature = try authorized.authority.step(counter, from: count)
        #expect(try session.stepCounter(counter, from: count, signature: signature, under: nil) == count + 1)
        let again = try refusal { _ = try session.stepCounter(counter, from: count, signature: signature, under: nil) }
        #expect(again?.isRevoked == true)
        let first = try authorized.authority.step(counter, from: nil)
        let restart = try refusal { _ = try session.stepCounter(counter, from: nil, signature: first, under: nil) }
        #expect(restart?.isStepped == true, "\(String(describing: restart))")
        // The right value with an approval of another.
        let other = try refusal {
            _ = try session.stepCounter(counter, from: count + 1, signature: signature, under: authorized.key)
        }
        #expect(other?.isUnapproved == true)
        #expect(try session.counterState(of: counter) == .value(count + 1))
        #expect(try authorized.isClean())
    }

    @Test func refusesAStepThatAnotherKeyApproved() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let session = try TPM.connect(tcti: authorized.tpm.tcti)
        let signature = try Authority().step(authorized.counter, from: authorized.count)
        let error = try refusal {
            _ = try session.stepCounter(
                authorized.counter, from: authorized.count, signature: signature, under: authorized.key)
        }
        #expect(error?.isUnapproved == true)
        // Nor is an approval for unsealing one for stepping.
        let digest = try PolicyDigest.step(of: authorized.counter, from: authorized.count)
        let volume = try authorized.authority.approval(of: digest)
        let mixed = try refusal {
            _ = try session.stepCounter(
                authorized.counter, from: authorized.count, signature: volume.signature, under: nil)
        }
        #expect(mixed?.isUnapproved == true)
        #expect(try session.counterState(of: authorized.counter) == .value(authorized.count))
        #expect(try authorized.isClean())
    }

    /// tpm2-tools, with every authorisation that an owner has; and writing and extending, too.
    @Test func nobodyElseChangesTheValue() throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let tpm = authorized.tpm
        try tpm.write([0, 0, 0, 0, 0, 0, 0, 1], to: "value")
        for arguments in [
            ["tpm2_nvincrement", "0x1805EA0"], ["tpm2_nvincrement", "-C", "o", "0x1805EA0"],
            ["tpm2_nvincrement", "-C", "p", "0x1805EA0"], ["tpm2_nvwrite", "-i", "value", "0x1805EA0"],
            ["tpm2_nvwrite", "-C", "o", "-i", "value", "0x1805EA0"],
            ["tpm2_nvextend", "-C", "o", "-i", "value", "0x1805EA0"],
            ["tpm2_nvsetbits", "-C", "o", "-i", "1", "0x1805EA0"],
        ] {
            let environment = ["TPM2TOOLS_TCTI": tpm.tcti, "TSS2_LOG": "esys+warning"]
            let result = try Command.run(arguments, environment: environment, folder: tpm.folder)
            #expect(result.status != 0, "\(arguments)")
            // Not by the tool.
            #expect(result.errorText.contains("Received TPM Error"), "\(arguments): \(result.errorText)")
        }
        // A policy session that holds no approval.
        try tpm.succeed("tpm2_startauthsession", "-Q", "--policy-session", "-S", "s")
        try tpm.succeed("tpm2_policycommandcode", "-Q", "-S", "s", "TPM2_CC_NV_Increment")
        #expect(try tpm.tool("tpm2_nvincrement", "-P", "session:s", "0x1805EA0").status != 0)
        try tpm.succeed("tpm2_flushcontext", "-l")
        let state = try TPM.connect(tcti: tpm.tcti).counterState(of: authorized.counter, under: authorized.key)
        #expect(state == .value(authorized.count))
    }

    /// Indices under the same handle that hold just the number that the policy wants.
    @Test(arguments: [
        ["ownerwrite|ownerread|authread|no_da"], ["ownerwrite|policywrite|ownerread|authread|no_da", "policy"],
        ["nt=counter|ownerwrite|ownerread|authread|no_da"],
        ["nt=counter|ownerwrite|policywrite|ownerread|authread|no_da", "policy"],
        ["nt=counter|policywrite|ownerwrite|ownerread|no_da", "policy"], ["ownerwrite|ownerread"],
        ["ownerwrite|ownerread|authread", "password"], ["ownerwrite|ownerread|authread|no_da", "short"],
    ])
    func refusesAnIndexThatOnlyLooksLikeIt(_ index: [String]) throws {
        let authorized = try Authorized(tpm: SoftwareTPM())
        let tpm = authorized.tpm
        let policy = try authorized.policy(limit: .max)
        #expect(try authorized.unseal(policy) == authorized.secret)
        try authorized.undefine()
        let isCounter = index[0].contains("counter")
        var arguments = ["tpm2_nvdefine", "-Q", "-C", "o", "-a", index[0], "0x1805EA0"]
        if !isCounter { arguments += ["-s", index.contains("short") ? "4" : "8"] }
        if index.contains("password") { arguments += ["-p", "secret"] }
        if index.contains("policy") {
            try tpm.write(PolicyDigest.authorized(by: authorized.counter.authority), to: "policy")
            arguments += ["-L", "policy"]
        }
        let defined = try Command.run(arguments, environment: ["TPM2TOOLS_TCTI": tpm.tcti], folder: tpm.folder)
        #expect(defined.status == 0, "\(defined.errorText)")
        if isCounter {
            try tpm.succeed("tpm2_nvincrement", "-Q", "-C", "o", "0x1805EA0")
        } else {
            try tpm.write([0, 0, 0, 0] + (index.contains("short") ? [] : [0, 0, 0, 1]), to: "value")
            try tpm.succeed("tpm2_nvwrite", "-Q", "-C", "o", "-i", "value", "0x1805EA0")
        }
        let error = try authorized.failure(policy)
        #expect(error?.isForeignCounter == true || error?.isUnapproved == true, "\(String(describing: error))")
        #expect(error?.isMalformedReply == false)
        let session = try TPM.connect(tcti: tpm.tcti)
        let state = try session.counterState(of: authorized.counter, under: authorized.key)
        guard case .foreign(let name) = state else {
            Issue.record("\(state)")
            return
        }
        #expect(name != authorized.counter.name)
        let signature = try authorized.authority.step(authorized.counter, from: nil)
        let step = try refusal {
            _ = try session.stepCounter(authorized.counter, from: nil, signature: signature, under: authorized.key)
        }
        #expect(step?.isForeignCounter == true)
        #expect(try authorized.isClean())
    }
}
